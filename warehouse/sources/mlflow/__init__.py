"""MLflow: SQLite stores and `mlruns` folders."""
