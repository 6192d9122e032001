"""The folder of a run: its layout, its files, its journals, and which units it has."""
