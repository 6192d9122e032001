"""Sentences on a sweep's metric, each from the rows of its result."""
