"""Ray Tune: experiment folders."""
