"""What each number means and where it comes from."""
