"""Questions to an experiment, each answered by one or more fits."""
