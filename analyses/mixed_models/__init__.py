"""Linear mixed-effects models for benchmarking."""
