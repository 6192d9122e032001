"""Packets: results that were computed elsewhere, each a file that is whole or absent, and how they come home."""
