"""Warehouses that are no file here: published folders, at addresses too, and lakes; with the extensions they need."""
