"""Long-form runs: one row a point of a trace."""
