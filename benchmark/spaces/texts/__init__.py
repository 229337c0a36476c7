"""Architectures as texts: lists in files, and the text that is nearest to a misspelt one."""
