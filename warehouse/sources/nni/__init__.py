"""NNI: an experiment's database, or what it exported."""
