"""A file a command, named after it."""
