"""CARP-S: gathered logs and run folders."""
