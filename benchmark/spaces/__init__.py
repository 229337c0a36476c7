"""Search spaces: the architectures of each, and their notations."""
