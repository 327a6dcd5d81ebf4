"""The device link over MQTT: who is let in, what they may send, what became of it."""
