"""The networks of NAS-Bench-201."""
