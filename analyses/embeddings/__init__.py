"""Landscapes laid out in a plane: HOPE vectors of their graph, UMAP, and an interpolated surface."""
