"""Folders that `hpowh evaluate` wrote."""
