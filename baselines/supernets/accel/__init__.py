"""The networks of Accel-NASBench's space."""
