"""What a landscape's numbers mean, in words."""
