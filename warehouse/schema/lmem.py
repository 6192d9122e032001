"""`result`: mixed-effects models."""
