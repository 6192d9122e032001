"""The ground that experiment trackers' sources stand on: runs before their roles are known."""
