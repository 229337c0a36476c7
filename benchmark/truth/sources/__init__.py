"""The files that truth tables are imported from, a module a format."""
