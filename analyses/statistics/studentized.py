"""The studentised range's distribution by Gauss quadrature: exact to about 1e-9, a thousand times faster than nested
adaptive quadrature, which matters where a critical value is needed for each of a thousand simulated experiments.

The inner integral is a function of q s alone, however many degrees of freedom there are: it is taken once for a number
of means, as Chebyshev polynomials over unit pieces, and read from them.

Source: Copenhaver & Holland (1988), J. Stat. Comput. Simul. 30: with s the root of a chi-squared over its degrees of
freedom, P(Q <= q) = E_s[ k int phi(z) (Phi(z) - Phi(z - q s))^(k-1) dz ].
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from hpowh.analyses.statistics.distributions import root, t
from hpowh.analyses.statistics.quadrature import leggauss

Floats = NDArray[np.float64]

Z_NODES, S_NODES = 128, 96
FEW_DF = 3.0
"""Below this the scale's density is no polynomial at zero (or has a pole), and much of a tail comes from there."""
POWER, MORE_NODES = 8.0, 192
"""For few degrees of freedom s = x^(POWER / df): the density of x is then x^7 at zero, whatever they are."""
REACH = 9.0
"""Beyond so many standard deviations a normal has nothing that a double could show here."""
DEGREE = 19
"""The polynomials' degree: on a piece of length one their error is that of rounding."""
PIECES = 20
"""Two normals within `REACH` of zero are nowhere further apart."""
TAIL = 1e-13
AT_ONCE = 256
"""So many tails are taken at once."""
LARGE_DF = 1e5
"""From here on the scale is taken as known."""


@lru_cache(maxsize=1)
def _z_nodes() -> tuple[Floats, Floats]:
    nodes, weights = leggauss(Z_NODES)
    z = REACH * nodes
    return z, REACH * weights * np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    return leggauss(S_NODES)


@lru_cache(maxsize=4096)
def _s_nodes(df: float) -> tuple[Floats, Floats]:
    """Return nodes and weights of s = sqrt(chi2 / df)."""
    if df >= LARGE_DF:
        return np.ones(1), np.ones(1)
    if df < FEW_DF:
        return _few_nodes(df)
    low = np.sqrt(2.0 * special.gammaincinv(0.5 * df, TAIL) / df)
    high = np.sqrt(2.0 * special.gammainccinv(0.5 * df, TAIL) / df)
    nodes, weights = _legendre()
    s = 0.5 * (high - low) * nodes + 0.5 * (high + low)
    log_density = (
        0.5 * df * np.log(df)
        - special.gammaln(0.5 * df)
        - (0.5 * df - 1.0) * np.log(2.0)
        + (df - 1.0) * np.log(s)
        - 0.5 * df * s**2
    )
    return s, 0.5 * (high - low) * weights * np.exp(log_density)


def _few_nodes(df: float) -> tuple[Floats, Floats]:
    """Return nodes and weights of s for few degrees of freedom, by Gauss's nodes of x."""
    nodes, weights = leggauss(MORE_NODES)
    high = np.sqrt(2.0 * special.gammainccinv(0.5 * df, TAIL) / df) ** (df / POWER)
    x = 0.5 * high * (nodes + 1.0)
    s = x ** (POWER / df)
    log_density = (
        np.log(POWER / df)
        + 0.5 * df * np.log(df)
        - special.gammaln(0.5 * df)
        - (0.5 * df - 1.0) * np.log(2.0)
        + (POWER - 1.0) * np.log(x)
        - 0.5 * df * s**2
    )
    return s, 0.5 * high * weights * np.exp(log_density)


def _above(width: Floats, size: int) -> Floats:
    """Return P(range of `size` standard normals > width) for widths (n,), by quadrature."""
    z, z_weights = _z_nodes()
    below = special.ndtr(z)
    inside = below[None, :] - special.ndtr(z[None, :] - width[:, None])
    # 1 - P(Q <= q), the difference taken under the integral: a small tail is then no difference of two numbers near 1.
    return np.asarray(size * ((below[None, :] ** (size - 1) - inside ** (size - 1)) @ z_weights))


@lru_cache(maxsize=256)
def _pieces(size: int) -> Floats:
    """Return Chebyshev coefficients (PIECES, DEGREE + 1) of the tail of the range of `size` normals."""
    order = np.arange(DEGREE + 1)
    angle = np.pi * (order + 0.5) / (DEGREE + 1)
    widths = np.arange(PIECES)[:, None] + 0.5 * (1.0 + np.cos(angle))
    values = _above(widths.ravel(), size).reshape(widths.shape)
    coefficients = 2.0 / (DEGREE + 1) * values @ np.cos(angle[:, None] * order)
    coefficients[:, 0] *= 0.5
    return np.asarray(coefficients)


def _range_of_normals(width: Floats, size: int) -> Floats:
    """Return what `_above` does, read from the polynomials."""
    piece = np.minimum(width.astype(np.int64), PIECES - 1)
    angle = np.arccos(np.clip(2.0 * (width - piece) - 1.0, -1.0, 1.0))
    found = (_pieces(size)[piece] * np.cos(angle[:, None] * np.arange(DEGREE + 1))).sum(axis=1)
    return np.where(width < PIECES, found, 0.0)


def range_sf(q: float, size: int, df: float) -> float:
    """Return P(Q > q) for `size` means and `df` degrees of freedom; the absolute error is about 1e-9."""
    return float(range_sfs(np.array([q], dtype=float), size, df)[0])


def range_sfs(q: Floats, size: int, df: float) -> Floats:
    """Return what `range_sf` does for many q (m,)."""
    s, s_weights = _s_nodes(float(df))
    found = np.empty(len(q))
    for start in range(0, len(q), AT_ONCE):
        # From there on the tail is zero to a double; an infinite width has no piece.
        widths = np.clip(q[start : start + AT_ONCE, None] * s, 0.0, float(PIECES))
        found[start : start + AT_ONCE] = _range_of_normals(widths.ravel(), size).reshape(widths.shape) @ s_weights
    return np.where(q <= 0, 1.0, np.clip(found, 0.0, 1.0))


def range_isf(tail: float, size: int, df: float) -> float:
    """Return the q with P(Q > q) = tail, for tails between 1e-9 and 1 - 1e-9."""
    # One pair's tail is less than that of all of them, and theirs is at most as many times one's.
    single, bonferroni = t.isf(0.5 * tail, df), t.isf(tail / (size * (size - 1)), df)
    low, high = 0.999 * np.sqrt(2.0) * float(single), 1.001 * np.sqrt(2.0) * float(bonferroni)
    if not np.isfinite(high) or range_sf(low, size, df) < tail:
        low, high = 0.0, 4.0
    while range_sf(high, size, df) > tail:
        high *= 2.0
    return root(lambda q: range_sf(q, size, df) - tail, low, high)
