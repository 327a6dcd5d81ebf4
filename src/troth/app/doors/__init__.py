"""The doors, by who comes through them. Each opens the transaction, calls the packages, tells the bus."""
