"""The size space of NATS-Bench: one topology, and a width for each of five layers."""
