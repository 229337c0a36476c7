"""The networks of DARTS's space."""
