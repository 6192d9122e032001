"""Which runs there are."""
