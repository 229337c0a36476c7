"""The search space of DARTS: a normal and a reduction cell."""
