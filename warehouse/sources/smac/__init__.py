"""SMAC3: output folders."""
