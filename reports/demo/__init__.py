"""The demo: real benchmarks, a real experiment, a report."""
