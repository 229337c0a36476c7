"""The search space of Accel-NASBench: seven stages of inverted bottlenecks."""
