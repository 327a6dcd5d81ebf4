"""Where a wire format becomes terms and back: HTTP, pages, command line, MQTT, background."""
