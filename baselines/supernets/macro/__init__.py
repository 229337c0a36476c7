"""The networks of NAS-Bench-Macro."""
