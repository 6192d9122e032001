"""What landscapes read from the warehouse: all that speaks SQL."""
