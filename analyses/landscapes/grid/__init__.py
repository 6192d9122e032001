"""What a landscape is: a space, losses on it, neighbours."""
