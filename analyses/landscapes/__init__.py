"""Hyperparameter loss landscapes."""
