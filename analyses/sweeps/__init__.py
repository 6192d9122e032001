"""Sweeps: which hyperparameters mattered, how sure that is, and what to try next."""
