"""How a process of Troth's ends, where that is more than well or badly."""

CUT_SHORT = 130
"""The exit status of who did not wait for an orderly end, as a shell says of Ctrl-C."""
