"""Who else receives an item, and who is told to delete it. Nothing here yet: the gate refuses every share."""
