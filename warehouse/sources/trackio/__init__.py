"""trackio: a database a project."""
