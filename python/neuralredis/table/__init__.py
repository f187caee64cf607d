"""Read tables as people write them, and turn their columns into fields of a network."""
