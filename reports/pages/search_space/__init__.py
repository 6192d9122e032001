"""One page a search space."""
