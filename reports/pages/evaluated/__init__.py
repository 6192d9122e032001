"""One page a space of evaluated grids."""
