"""What is said of one landscape."""
