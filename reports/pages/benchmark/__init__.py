"""One page a benchmark."""
