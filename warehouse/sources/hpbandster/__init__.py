"""HpBandSter: result folders."""
