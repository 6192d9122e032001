"""Counts, numbers and directions in words, for what analyses say."""

from hpowh.warehouse.wording import better, brief, number, p_said, p_value, percent, plural, ratio

__all__ = ["better", "brief", "number", "p_said", "p_value", "percent", "plural", "ratio"]
