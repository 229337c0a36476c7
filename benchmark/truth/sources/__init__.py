"""The files that truth tables are imported from, one module per format."""
