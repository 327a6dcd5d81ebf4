"""One running system: settings, embedded services and their supervisor, and the doors that edges call."""
