"""The tables of a report, a module a table."""
