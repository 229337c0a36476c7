"""The networks of spaces whose architectures are chains of layers, a decision each."""
