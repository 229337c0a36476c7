"""Running methods at seeds, each once."""
