"""`result`: rankings of algorithms."""
