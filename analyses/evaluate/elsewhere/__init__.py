"""Workers of somebody else: executors and where they are."""
