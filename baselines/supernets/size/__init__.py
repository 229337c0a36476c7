"""The networks of the size space of NATS-Bench, whose weights are slices of the widest ones."""
