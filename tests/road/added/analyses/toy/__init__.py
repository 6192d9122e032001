"""Toy: the mean number of classes."""
