"""The command line: ``nasbench``."""

from benchmark.app.cli.main import main

__all__ = ["main"]
