"""The executable specification: what Troth's fast code must mean, as plainly as Python allows."""
