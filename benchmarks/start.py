"""How long `hpowh --help` takes beyond a bare interpreter that imports what it cannot do without."""

from __future__ import annotations

import sys

from benchmarks.alternate import alternate, report


def main() -> None:
    """Measure ten pairs and print the figures; the budget is 0.4 s over the bare import."""
    figures = alternate(
        {
            "hpowh --help": [sys.executable, "-m", "hpowh.warehouse", "--help"],
            "import duckdb, typer": [sys.executable, "-c", "import duckdb, typer"],
        },
        rounds=10,
    )
    report(figures, ("hpowh --help", "import duckdb, typer"))
    gaps = sorted(
        a - b for a, b in zip(figures["hpowh --help"].seconds, figures["import duckdb, typer"].seconds, strict=True)
    )
    print(f"  over the bare import: median {gaps[len(gaps) // 2]:.2f} s, most {gaps[-1]:.2f} s")


if __name__ == "__main__":
    main()
