"""Toy notes: lines of a benchmark and a number."""
