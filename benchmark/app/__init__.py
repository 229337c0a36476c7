"""The command line and what it runs: the one room that imports methods and analysis."""
