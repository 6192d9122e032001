"""Trials in tables: one row a trial."""
