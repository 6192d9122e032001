"""Weights & Biases: offline files and the online API."""
