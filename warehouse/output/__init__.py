"""Files that leave the warehouse: where they may go, and that each is whole or not there."""
