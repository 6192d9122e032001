"""The ground that benchmarking tools' sources stand on: runs with their courses, before they are in the warehouse."""
