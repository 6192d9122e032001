"""What a source is called, and that no other file ever takes its place unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.ingest.declared import Declared, declared_sources

TRIALS = "lr,loss\n0.1,1\n0.2,2\n"


def load(warehouse, path: Path, **more):
    return ingest(
        warehouse,
        find_source("trials"),
        Declared("trials", str(path), None, {}, {"direction": "min"}).request(),
        **more,
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [("runs.v1.csv", "runs.v1"), ("a/results.csv.gz", "results"), ("optuna.shape-s1.db", "optuna.shape-s1"),
     ("mlruns", "mlruns"), (".csv", ".csv"), ("ENTITY/PROJECT", "PROJECT"), ("x.tar.gz", "x.tar"), ("v1.0", "v1.0")],
)  # fmt: skip
def test_the_name_is_the_whole_stem(path, name):
    assert Declared("trials", path).request().name == name


def test_a_folder_is_called_as_it_is(tmp_path):
    (tmp_path / "runs.csv").mkdir()
    assert Declared("wandb", str(tmp_path / "runs.csv")).request().name == "runs.csv"


def test_another_file_under_a_known_name_is_refused(warehouse, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "results.csv").write_text(TRIALS + f"0.3,{len(folder)}\n" * (folder == "b"))
    first, second = tmp_path / "a" / "results.csv", tmp_path / "b" / "results.csv"
    load(warehouse, first)
    with pytest.raises(IngestError, match="was loaded from another place") as refused:
        load(warehouse, second)
    assert "--as b-results" in str(refused.value)
    assert "--replace" in str(refused.value)
    assert warehouse.sql("select count(*) from core.trial").one() == 2
    first.write_text(TRIALS + "0.4,4\n0.5,5\n")
    assert load(warehouse, first).action == "update"
    assert warehouse.sql("select count(*) from core.trial").one() == 4
    assert load(warehouse, second, replace_old=True).action == "replace"
    assert warehouse.sql("select count(*) from core.trial").one() == 3


def test_two_files_that_differ_after_the_first_dot_are_two_sources(warehouse, tmp_path):
    for version in ("v1", "v2"):
        (tmp_path / f"runs.{version}.csv").write_text(TRIALS.replace("2\n", f"{version[1]}\n"))
        load(warehouse, tmp_path / f"runs.{version}.csv")
    assert warehouse.sql("select name from core.source order by 1").rows() == [("runs.v1",), ("runs.v2",)]
    assert warehouse.sql("select count(*) from core.trial").one() == 4


def test_the_same_relative_path_in_another_folder_is_another_place(warehouse, tmp_path, monkeypatch):
    for folder in ("p1", "p2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text(TRIALS.replace("2\n", f"{folder[1]}.5\n"))
    monkeypatch.chdir(tmp_path / "p1")
    load(warehouse, Path("t.csv"))
    monkeypatch.chdir(tmp_path / "p2")
    with pytest.raises(IngestError, match="another place"):
        load(warehouse, Path("t.csv"))


def test_where_a_source_lies_is_not_told(warehouse, tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text(TRIALS)
    monkeypatch.chdir(tmp_path)
    load(warehouse, Path("t.csv"))
    assert str(tmp_path) not in str(warehouse.sql("select * from core.source").rows())


def test_declared_sources_of_one_name_are_refused(tmp_path):
    config = tmp_path / "hpowh.toml"
    config.write_text(
        '[[source]]\nkind = "wandb"\npath = "p1/wandb"\n\n[[source]]\nkind = "wandb"\npath = "p2/wandb"\n'
    )
    with pytest.raises(UsageError, match="are both called 'wandb'") as refused:
        declared_sources(config)
    assert 'as = "p2-wandb"' in str(refused.value)
    config.write_text(config.read_text() + 'as = "second"\n')
    assert [one.request().name for one in declared_sources(config)] == ["wandb", "second"]


def test_a_request_by_hand_keeps_its_name():
    assert Request("a/b.csv", "given").name == "given"
