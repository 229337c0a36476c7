"""Truth tables as files, the cache of imported ones, and exporting."""
