"""The networks of each search space: supernets, and single architectures."""
