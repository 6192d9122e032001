"""Ingest of an Optuna SQLite storage of 100,000 trials against `optuna.load_study(...).trials_dataframe()`.

Optuna itself makes the storage and its first trial; the others are copies of its rows with other numbers, because
Optuna writes some hundred trials a second. Both sides are whole processes; Optuna's ends with a frame in memory, ours
with the trials, parameters, values and intermediate values in the warehouse, committed and checked.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.alternate import alternate, one, report

TRIALS = 100_000
FIRST = """
import optuna, sys
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(study_name="s", storage=f"sqlite:///{sys.argv[1]}")
def objective(trial):
    x = [trial.suggest_float(f"x{i}", 1e-5, 1, log=True) for i in range(3)]
    trial.suggest_int("depth", 1, 9), trial.suggest_categorical("kind", ["a", "b", None])
    trial.set_user_attr("note", "text")
    for step in range(2):
        trial.report(sum(x), step)
    return sum(x)
study.optimize(objective, n_trials=1)
"""
FRAME = """
import optuna, sys
optuna.logging.set_verbosity(optuna.logging.ERROR)
frame = optuna.load_study(study_name="s", storage=f"sqlite:///{sys.argv[1]}").trials_dataframe()
assert len(frame) == int(sys.argv[2]), len(frame)
"""


def main() -> None:
    """Measure and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, template, ours = folder / "study.db", folder / "empty.duckdb", folder / "ours.duckdb"
        make(store, TRIALS)
        one([sys.executable, "-m", "hpowh.warehouse", "init", "-w", str(template)])
        ingest = [sys.executable, "-m", "hpowh.warehouse", "ingest", "optuna", str(store), "-w", str(ours)]

        def fresh() -> None:
            shutil.copy(template, ours)

        figures = alternate(
            {
                "hpowh ingest optuna": ingest,
                "trials_dataframe": [sys.executable, "-c", FRAME, str(store), str(TRIALS)],
            },
            rounds=2,
            before=fresh,
        )
        size = store.stat().st_size / 1e6
        print(f"  {TRIALS:,} trials of five parameters in SQLite ({size:,.0f} MB), whole processes:")
        report(figures, ("trials_dataframe", "hpowh ingest optuna"))


def make(path: Path, count: int) -> None:
    """Write a storage with so many trials."""
    one([sys.executable, "-c", FIRST, str(path)])
    connection = sqlite3.connect(path)
    tables = ("trials", "trial_params", "trial_values", "trial_intermediate_values", "trial_user_attributes")
    for table in tables:
        columns = [(row[1], bool(row[5])) for row in connection.execute(f"pragma table_info({table})")]
        listed = ", ".join(f'"{column}"' for column, is_key in columns if not is_key or table == "trials")
        chosen = ", ".join(_other(column) for column, is_key in columns if not is_key or table == "trials")
        connection.execute(
            f"with recursive n(i) as (select 1 union all select i + 1 from n where i + 1 < {count}) "
            f"insert into {table} ({listed}) select {chosen} from n, {table} as t"
        )
    connection.commit()
    connection.close()


def _other(column: str) -> str:
    """Return an expression for a column of the copy number i."""
    changed = {
        "trial_id": "t.trial_id + i",
        "number": "i",
        "param_value": "case t.param_name when 'depth' then 1 + i % 9 when 'kind' then i % 3 "
        "else 0.00001 + (i * 7919 % 99991) / 100000.0 end",
        "value": "0.1 + (i * 7919 % 99991) / 100000.0",
        "intermediate_value": "0.2 + (i * 7919 % 99991) / 100000.0",
    }
    return changed.get(column, f't."{column}"')


if __name__ == "__main__":
    main()
