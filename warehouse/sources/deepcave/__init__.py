"""DeepCAVE: runs that its recorder wrote."""
