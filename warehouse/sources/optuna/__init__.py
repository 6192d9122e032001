"""Optuna: SQLite storages and journal files."""
