"""Analyses: jobs read views, pure functions compute, results come back as tables."""
