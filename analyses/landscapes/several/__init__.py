"""What is said of several landscapes together."""
