"""Supernets, a folder a search space."""
