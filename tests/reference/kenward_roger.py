"""Write kenward_roger_data.json: small unbalanced experiments with algorithms, a crossed factor and a covariate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np


def main() -> None:
    """Write the data beside this file."""
    rng = np.random.default_rng(20)
    rows = []
    for b in range(6):
        level = rng.standard_normal()
        x = round(float(rng.standard_normal()), 3)
        for a in "ABCD":
            own = 0.6 * rng.standard_normal()
            for p in ("bad", "good"):
                shift = 0.4 * rng.standard_normal()
                if rng.random() < 0.2:
                    continue
                for _ in range(rng.integers(1, 5)):
                    y = 3.0 + level + own + shift + 0.3 * (a == "B") + 0.2 * x * (p == "good")
                    y += rng.standard_normal()
                    rows.append({"y": round(float(y), 4), "a": a, "b": f"b{b}", "p": p, "x": x})
    path = Path(__file__).parent / "kenward_roger_data.json"
    path.write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
