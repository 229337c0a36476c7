"""What spaces share whose networks are chains of layers in stages."""
