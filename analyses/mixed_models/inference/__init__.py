"""What a fit says: means, contrasts, tests, power."""
