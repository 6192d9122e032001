"""What landscapes draw as SVG: maps, trials, networks."""
