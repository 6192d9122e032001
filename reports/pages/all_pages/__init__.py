"""The list of all pages."""
