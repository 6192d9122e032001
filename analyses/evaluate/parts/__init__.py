"""Evaluations shared out among parts: processes on many machines that share a folder and nothing else."""
