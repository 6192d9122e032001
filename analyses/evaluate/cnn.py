"""A small convolutional network with scikit-learn's interface; needs the extra `hpowh[torch]`.

Two blocks of convolution, activation and pooling, then one hidden layer. An epoch is one call of `partial_fit`, so that
one training serves all fidelities; `fit` is `epochs` of them from a new start and gives the same weights.
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from torch import nn

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "elu": nn.ELU}
OPTIMISERS = ("adam", "sgd")
PREDICTED_AT_ONCE = 1024


class SmallCNN(ClassifierMixin, BaseEstimator):
    """Classifies images whose pixels are the columns of a matrix, row by row.

    Args:
        image: the image's (height, width) or (channels, height, width); None: one channel, a square.
        channels: filters of the first convolution; the second has twice as many.
        kernel: width of both convolutions, an odd number.
        hidden: units of the layer after the convolutions.
        activation: relu, tanh or elu.
        dropout: share of the hidden units left out in training.
        optimiser: adam or sgd (with momentum 0.9).
        learning_rate, weight_decay, batch_size: of the optimiser.
        epochs: passes over the data by `fit`.
        random_state: seed of the weights, of the order of the rows and of dropout.
    """

    def __init__(
        self,
        image: tuple[int, ...] | None = None,
        channels: int = 8,
        kernel: int = 3,
        hidden: int = 32,
        activation: str = "relu",
        dropout: float = 0.0,
        optimiser: str = "adam",
        learning_rate: float = 0.003,
        weight_decay: float = 0.0,
        batch_size: int = 64,
        epochs: int = 10,
        random_state: int = 0,
    ) -> None:
        self.image = image
        self.channels = channels
        self.kernel = kernel
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, features: NDArray, target: NDArray) -> Self:
        """Train from a new start for `epochs` passes over the data."""
        self._begin(np.asarray(features), np.unique(target))
        for _ in range(self.epochs):
            self._epoch(features, target)
        return self

    def partial_fit(self, features: NDArray, target: NDArray, classes: NDArray | None = None) -> Self:
        """Train for one more pass over the data; the first call builds the network.

        Args:
            classes: all classes there are, where the first call does not meet all of them.
        """
        if not hasattr(self, "network_"):
            self._begin(np.asarray(features), np.unique(target if classes is None else classes))
        self._epoch(features, target)
        return self

    def predict_proba(self, features: NDArray) -> NDArray[np.float64]:
        """Return the probability of each class, an array (rows, classes)."""
        images = self._images(features)
        with _Deterministic(), torch.no_grad():
            self.network_.eval()
            parts = [self.network_(part) for part in images.split(PREDICTED_AT_ONCE)]
            # In double precision, so that rows sum to 1 as closely as metrics expect.
            return torch.softmax(torch.cat(parts).double(), dim=1).numpy()

    def predict(self, features: NDArray) -> NDArray:
        """Return the likeliest class of each row."""
        return self.classes_.take(np.argmax(self.predict_proba(features), axis=1))

    def _begin(self, features: NDArray, classes: NDArray) -> None:
        self._check()
        self.classes_ = classes
        self.n_features_in_ = features.shape[1]
        self.shape_ = image_shape(self.image, features.shape[1])
        spread = float(features.std())
        self.centre_, self.spread_ = float(features.mean()), spread if spread > 0 else 1.0
        self.random_ = torch.Generator().manual_seed(int(self.random_state))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(self.random_state))
            self.network_ = self._network()
            self.noise_ = torch.get_rng_state()
        weights = self.network_.parameters()
        rate, decay = self.learning_rate, self.weight_decay
        self.steps_: torch.optim.Optimizer = (
            torch.optim.Adam(weights, lr=rate, weight_decay=decay)
            if self.optimiser == "adam"
            else torch.optim.SGD(weights, lr=rate, momentum=0.9, weight_decay=decay)
        )

    def _check(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation={self.activation!r}: one of {', '.join(ACTIVATIONS)} is needed")
        if self.optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser={self.optimiser!r}: one of {', '.join(OPTIMISERS)} is needed")
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f"kernel={self.kernel!r}: an odd number from 1 is needed")
        for name in ("channels", "hidden", "batch_size", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r}: a number from 1 is needed")

    def _network(self) -> nn.Sequential:
        depth, height, width = self.shape_
        layers: list[nn.Module] = []
        activation = ACTIVATIONS[self.activation]
        for number, filters in enumerate((self.channels, 2 * self.channels)):
            before = depth if number == 0 else self.channels
            layers += [
                nn.Conv2d(before, filters, self.kernel, padding=self.kernel // 2),
                ACTIVATIONS[self.activation](),
            ]
            if min(height, width) >= 2:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        layers += [nn.Flatten(), nn.Linear(2 * self.channels * height * width, self.hidden)]
        layers += [activation(), nn.Dropout(self.dropout)]
        return nn.Sequential(*layers, nn.Linear(self.hidden, self.classes_.size))

    def _epoch(self, features: NDArray, target: NDArray) -> None:
        images = self._images(features)
        labels = torch.from_numpy(np.searchsorted(self.classes_, target))
        order = torch.randperm(len(images), generator=self.random_)
        # Dropout draws from torch's global numbers: they are this model's own while it trains.
        with _Deterministic(), torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.noise_)
            self.network_.train()
            for batch in order.split(self.batch_size):
                self.steps_.zero_grad()
                loss = nn.functional.cross_entropy(self.network_(images[batch]), labels[batch])
                loss.backward()
                self.steps_.step()
            self.noise_ = torch.get_rng_state()
        if not math.isfinite(loss.item()):
            raise ValueError("the training diverged: its loss is no finite number")

    def _images(self, features: NDArray) -> torch.Tensor:
        scaled = (np.asarray(features, dtype=np.float32) - self.centre_) / self.spread_
        return torch.from_numpy(np.ascontiguousarray(scaled, dtype=np.float32)).reshape(-1, *self.shape_)


def image_shape(image: tuple[int, ...] | None, columns: int) -> tuple[int, int, int]:
    """Return (channels, height, width) of an image of so many columns.

    Raises:
        ValueError: the columns do not make such an image.
    """
    if image is None:
        side = math.isqrt(columns)
        if side * side != columns:
            raise ValueError(f"{columns} features are no square image: say image = [height, width]")
        return 1, side, side
    given = tuple(int(size) for size in image)
    if len(given) not in (2, 3) or min(given) < 1 or math.prod(given) != columns:
        raise ValueError(f"image = {list(given)} does not go with {columns} features")
    return given[0] if len(given) == 3 else 1, given[-2], given[-1]


class _Deterministic:
    """Let torch use one thread and no algorithm whose result depends on timing; as before afterwards."""

    def __enter__(self) -> None:
        self._before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)

    def __exit__(self, *_: Any) -> None:
        torch.set_num_threads(self._before[0])
        torch.use_deterministic_algorithms(self._before[1])
