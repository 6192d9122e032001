"""A landscape of which not all was evaluated: completed, bounded, or estimated from a sample of pairs."""
