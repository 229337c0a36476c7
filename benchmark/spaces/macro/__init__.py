"""The search space of NAS-Bench-Macro: eight layers with three choices each."""
