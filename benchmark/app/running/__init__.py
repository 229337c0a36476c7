"""Running methods at seeds, each once, and none lost."""
