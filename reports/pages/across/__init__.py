"""All evaluated grids together."""
