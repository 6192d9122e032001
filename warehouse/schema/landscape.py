"""`result`: loss landscapes."""
