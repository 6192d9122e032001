"""Nightly builds: bring sources, analyses and site up to date, and say what changed."""
