"""Methods that say which hyperparameters matter, side by side, and how far they agree."""
