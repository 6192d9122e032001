"""Keras Tuner: project folders."""
