"""From rows of the warehouse to columns and matrices."""
