"""Wide tables of results: leaderboards."""
