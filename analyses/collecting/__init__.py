"""Results that were made elsewhere come home: `hpowh collect`."""
