"""Ensembles of regression trees, compiled: a sweep fits hundreds of small ones."""
