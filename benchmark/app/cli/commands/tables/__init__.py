"""``nasbench tables``: a file a command, named after it."""
