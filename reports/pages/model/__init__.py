"""One page an experiment's mixed models and rankings."""
