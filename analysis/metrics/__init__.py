"""How well scores rank architectures: metrics with their tie rules."""
