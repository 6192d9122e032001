"""Counts, numbers and directions in words, for what analyses say."""

from hpowh.warehouse.wording import better, number, plural

__all__ = ["better", "number", "plural"]
