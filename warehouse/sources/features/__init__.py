"""Meta-features of benchmarks."""
