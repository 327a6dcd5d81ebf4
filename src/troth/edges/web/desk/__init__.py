"""The staff's own pages: coming in with a passkey, the inbox, a look for a purpose, the system's state."""
