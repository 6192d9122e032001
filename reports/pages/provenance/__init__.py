"""What was loaded and computed, when, by which version."""
