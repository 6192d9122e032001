"""Vectors to a plane by UMAP (McInnes, Healy and Melville 2018), the same for the same seed."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError

EXTENT = 10.0
"""Half the width of the plane in which UMAP starts, as its own initialisations have it."""
MIN_DISTANCE = 0.1
INSTALL = "Install it: python -m pip install 'hpowh[embedding]'"


def require_umap() -> None:
    """Raise LandscapeError where UMAP is not installed; cheap, so that nobody waits for the answer."""
    from importlib.util import find_spec

    if find_spec("umap") is None:
        raise LandscapeError("Embedding a landscape needs the package umap-learn, which is not installed.", INSTALL)


def lay_out(
    vectors: NDArray[np.float64], *, neighbours: int = 15, epochs: int = 100, seed: int = 0
) -> NDArray[np.float64]:
    """Return a point in the plane for each vector.

    The nearest neighbours are exact and the start is the vectors' two main directions, so that nothing but UMAP's own
    sampling is random; that takes its seed.

    Args:
        vectors: one row a configuration.
        neighbours: how many nearest vectors a point is held near to.

    Raises:
        LandscapeError: UMAP is not installed, or there are no more rows than neighbours.
    """
    require_umap()
    if len(vectors) <= neighbours:
        raise LandscapeError(f"{len(vectors)} configurations are too few for {neighbours} neighbours.")
    data = np.ascontiguousarray(vectors, dtype=np.float32)
    nearest, distance = _nearest(data, neighbours)
    with warnings.catch_warnings():
        # It warns that nothing can be added later, and of its own import of TensorFlow, which is not needed.
        warnings.simplefilter("ignore")
        from umap import UMAP

        model = UMAP(
            n_neighbors=neighbours,
            n_epochs=epochs,
            min_dist=MIN_DISTANCE,
            init=_start(data, seed),
            random_state=seed,
            n_jobs=1,
            precomputed_knn=(nearest, distance),
            force_approximation_algorithm=True,
        )
        return np.asarray(model.fit_transform(data), dtype=np.float64)


def _nearest(data: NDArray[np.float32], count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return each row's nearest rows and their distances, itself first, without approximation."""
    from sklearn.neighbors import NearestNeighbors

    distance, nearest = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(data).kneighbors(data)
    return nearest.astype(np.int32), distance.astype(np.float32)


def _start(data: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return the two main directions of the data, scaled to the plane, with a little noise to part equal rows."""
    centred = data - data.mean(axis=0)
    _, turn = np.linalg.eigh(centred.T @ centred)
    flat = centred @ turn[:, [-1, -2]]
    flat *= np.sign(flat[np.abs(flat).argmax(axis=0), [0, 1]])
    flat *= EXTENT / max(float(np.abs(flat).max()), 1e-12)
    noise = np.random.default_rng(seed).normal(scale=1e-4 * EXTENT, size=flat.shape)
    return np.ascontiguousarray(flat + noise, dtype=np.float32)
