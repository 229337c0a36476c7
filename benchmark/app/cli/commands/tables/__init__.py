"""``nasbench tables``: one file per command, named after it."""
