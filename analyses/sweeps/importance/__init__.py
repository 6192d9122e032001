"""How much each hyperparameter matters, by several methods."""
