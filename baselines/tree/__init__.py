"""Trees of sub-supernets: growing, resuming and scoring them on the way."""
