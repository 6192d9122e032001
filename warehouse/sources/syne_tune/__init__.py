"""Syne Tune: experiment folders."""
