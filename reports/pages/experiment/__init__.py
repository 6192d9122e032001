"""One page an experiment."""
