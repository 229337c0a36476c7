"""Supernets, one folder per search space."""
