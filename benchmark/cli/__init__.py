"""The command line: ``nasbench``."""

from benchmark.cli.main import main

__all__ = ["main"]
