"""Incumbent traces, regret, ranks within block and coverage."""
