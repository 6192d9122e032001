"""What graphfla says of drawn landscapes: `python graphfla_answers.py graphfla_answers.json` (see README.md).

It maximises the negated loss: when it minimises, its basins follow the worst improving neighbour.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from itertools import product
from pathlib import Path

import pandas as pd
from graphfla.analysis import fdc, neutrality
from graphfla.landscape import Landscape
from make_landscapes import landscapes


def answer(shape: tuple[int, ...], ordinal: tuple[bool, ...], loss: list[float]) -> dict[str, float]:
    """Build one landscape and ask about it."""
    names = [f"h{i}" for i in range(len(shape))]
    configurations = pd.DataFrame(list(product(*(range(size) for size in shape))), columns=names)
    kinds = {name: "ordinal" if flag else "categorical" for name, flag in zip(names, ordinal, strict=True)}
    landscape = Landscape(kind="default", maximize=True).build_from_data(
        X=configurations, f=pd.Series([-value for value in loss]), data_types=kinds, epsilon=0.0, verbose=False
    )
    sizes = landscape.basins.iloc[list(landscape.lo_index)]
    return {
        "mean_loss": sum(loss) / len(loss),
        "n_configs": int(landscape.n_configs),
        "n_edges": int(landscape.n_edges),
        "n_lo": int(landscape.n_lo),
        "n_lo_members": int(landscape.n_lo_members),
        "n_plateau": int(landscape.n_plateau),
        "n_plateau_lo": int(landscape.n_plateau_lo),
        "best": -float(landscape.go["fitness"]),
        "neutrality": float(neutrality(landscape, threshold=0.001)),
        "neutrality_0.1": float(neutrality(landscape, threshold=0.1)),
        "fdc_spearman": -float(fdc(landscape, method="spearman")),
        "fdc_pearson": -float(fdc(landscape, method="pearson")),
        "basin_mean": float(sizes.mean()),
        "basin_largest": float(sizes.max()),
        "basin_median": float(sizes.median()),
    }


if __name__ == "__main__":
    found = {name: answer(*one) for name, one in landscapes().items()}
    text = json.dumps({"made_by": {"graphfla": version("graphfla")}, "landscapes": found}, indent=1)
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")
