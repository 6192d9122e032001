"""What is studied where nothing was said; apart, so that the names of studies can be listed without importing them."""

from __future__ import annotations

DEFAULT_RESPONSE = "normalized_regret"
PRESETS = ("seed", "informativeness", "budget", "features")
"""The sanity checks of arXiv 2408.02533."""
