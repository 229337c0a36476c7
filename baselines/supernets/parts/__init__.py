"""What networks of several spaces are made of: layers, BatchNorm, paths and mixtures."""
