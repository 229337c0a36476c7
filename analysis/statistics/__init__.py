"""Intervals, tests and ceilings: what differences between runs mean."""
