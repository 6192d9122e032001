"""What is measured, against what, and how to run it: `make bench`, or `python -m benchmarks.NAME` for one."""
