"""How long a record lives once its purpose has ended. Nothing here yet: data waits for erasure."""
