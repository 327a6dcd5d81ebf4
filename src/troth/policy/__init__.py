"""From text to tables: load, check, compile. Pure: no I/O, no clock; the text is an argument."""
