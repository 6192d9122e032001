"""The ground that every tuner's source stands on: records of sweeps and trials, and how they are loaded."""
