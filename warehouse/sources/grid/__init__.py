"""Wide grids: one row a configuration, one column a loss."""
