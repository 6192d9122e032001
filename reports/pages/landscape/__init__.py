"""One page a landscape."""
