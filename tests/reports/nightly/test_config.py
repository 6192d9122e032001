"""What `hpowh.toml` may say, and what it is told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpowh.reports.nightly.analyses import DEFAULT_JOBS
from hpowh.reports.nightly.config import read_config
from hpowh.warehouse.errors import UsageError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HPOWH_WAREHOUSE", raising=False)


def read(folder: Path, text: str, **more):
    (folder / "hpowh.toml").write_text(text)
    return read_config(folder / "hpowh.toml", **more)


def test_an_empty_file_has_defaults_beside_it(tmp_path):
    found = read(tmp_path, "")
    assert (found.warehouse, found.site, found.builds) == tuple(
        tmp_path / n for n in ("hpowh.duckdb", "site", "builds")
    )
    assert [one.job for one in found.analyses] == list(DEFAULT_JOBS)
    assert (found.keep, found.tolerance, found.sources, found.checks) == (7, 0.05, [], [])


def test_everything_that_can_be_said(tmp_path, monkeypatch):
    found = read(
        tmp_path,
        """
[nightly]
warehouse = "data/w.duckdb"
site = "public/report"
keep = 2
wait = 5
[report]
only = ["overview"]
single_file = true
[publish]
copy = "c.duckdb"
parquet = "p"
verify = true
[drift]
tolerance = 0.2
[[check]]
name = "none"
sql = "select 1 where false;"
""",
    )
    assert found.warehouse == tmp_path / "data" / "w.duckdb"
    assert found.builds == tmp_path / "public" / "builds"
    assert (found.keep, found.wait, found.only, found.is_single_file) == (2, 5.0, ("overview",), True)
    assert (found.copy, found.parquet, found.is_verified) == (tmp_path / "c.duckdb", tmp_path / "p", True)
    assert found.tolerance == 0.2 and found.checks[0].sql == "select 1 where false"
    monkeypatch.chdir(tmp_path)
    other = read_config(tmp_path / "hpowh.toml", warehouse=Path("x.duckdb"), site=Path("y"))
    assert (other.warehouse, other.site) == (tmp_path / "x.duckdb", tmp_path / "y")


def test_analyses_become_command_lines(tmp_path):
    found = read(
        tmp_path,
        """
[[analysis]]
job = "lmem"
formula = "-1 + regret ~ algorithm"
budget = 10
by = ["prior", "seed"]
at = { lr = 0.1 }
ml = true
residuals = false
[[analysis]]
job = "anomalies"
pair = ["A", "B"]
name = "a and b"
[[analysis]]
job = "lmem"
formula = "y ~ 1"
""",
    ).analyses
    options = ("--budget=10", "--by=prior", "--by=seed", "--at=lr=0.1", "--ml", "--no-residuals")
    assert found[0].arguments == (*options, "--", "-1 + regret ~ algorithm")
    assert [one.name for one in found] == ["lmem (1)", "a and b", "lmem (3)"]
    assert found[1].arguments == ("--pair=A,B",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[nightly", "not valid TOML"),
        ("[nightly]\nkep = 3", "kep under .nightly. is not known. Keys: warehouse, site"),
        ("[nightly]\nkeep = 0", "keep = 0 is too small"),
        ("[nightly]\nkeep = true", "keep under .nightly. cannot be True"),
        ("[nightly]\nkeep = '3'", "keep under .nightly. cannot be '3'"),
        ("[drift]\ntolerance = -1", "too small"),
        ("[elsewhere]\nx = 1", "Tables: .nightly."),
        ("source = 3", "Write ..source.."),
        ("report = 3", "Write .report."),
        ("[[source]]\npath = 'x'", "source 1 has no kind"),
        ("[[check]]\nname = 'x'", "check 1 is not understood"),
        ("[publish]\nverify = true", "goes with parquet"),
        ("[[analysis]]\njob = 'lmen'", "no job 'lmen'. Jobs: anomalies, "),
        ("[[analysis]]\nformula = 'y ~ 1'", "no job None"),
        ("[[analysis]]\njob = 'traces'\nexperimnt = 'x'", "no option 'experimnt'. Options: experiment"),
        ("[[analysis]]\njob = 'traces'\nwarehouse = 'x'", "no option 'warehouse'"),
        ("[[analysis]]\njob = 'lmem'", "Missing argument 'formula'. See: hpowh analyse lmem --help"),
        ("[[analysis]]\njob = 'lmem'\nformula = 'y ~ 1'\nml = 'yes'", "ml is true or false"),
        ("[[analysis]]\njob = 'landscapes'\nseed = 'one'", "Invalid value"),
        ("[[analysis]]\njob = 'traces'\nexperiment = true", "cannot be True"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"There is no .*hpowh.toml. Write one"):
        read_config(tmp_path / "hpowh.toml")
