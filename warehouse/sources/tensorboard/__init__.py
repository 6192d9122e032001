"""TensorBoard's event files with hyperparameters, read without TensorFlow."""
