"""Everything that the analyses of a warehouse conclude, in one list."""
