"""The command line and what it runs: the one package that imports methods and analysis."""
