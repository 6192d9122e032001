"""Cells out of SQL."""
