"""Evaluate grids: train and test loss of every configuration, at several fidelities, for any scikit-learn model."""
