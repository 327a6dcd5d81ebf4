"""The programs: `troth`, and the processes of a running system."""
