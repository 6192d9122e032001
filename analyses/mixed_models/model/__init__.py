"""The model itself: formula, cells, likelihood, fit."""
