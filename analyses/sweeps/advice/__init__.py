"""What follows for the next trials: ranges, suggestions, trade-offs, early stopping."""
