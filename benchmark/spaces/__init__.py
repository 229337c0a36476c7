"""Search spaces: which architectures there are, and how they are written down."""
