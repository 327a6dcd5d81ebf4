"""PostgreSQL and NATS from wheels, for a machine where nothing is installed. Production brings its own."""
