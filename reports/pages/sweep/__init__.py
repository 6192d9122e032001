"""One page a sweep."""
