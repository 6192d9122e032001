"""Parts on a read-only copy leave packets; collected, the warehouse is as after one undisturbed run, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpowh.analyses.collecting import commands
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.output.publishing import export_parquet, publish_copy

from .helpers import contents, hpowh, undisturbed

LANDSCAPES = ("landscapes", "--no-network")
FORMULA = "value ~ algorithm + (1|benchmark)"
SWEEPS = ("sweeps", "--best", "20")


def part(place: Path, text: str, *question: str, copy: str = "copy.duckdb") -> None:
    hpowh("analyse", *question, "--warehouse", place / copy, "--part", text, "--packets", place / "shared")


def collect(place: Path, capsys, *options: str) -> dict:
    capsys.readouterr()
    hpowh("collect", place / "shared", "--warehouse", place / "home.duckdb", "--json", *options)
    return json.loads(capsys.readouterr().out)["packets"]


def packets(place: Path) -> list[Path]:
    return sorted((place / "shared").glob("*.packet"))


def test_landscapes_in_parts_are_those_of_one_run(place, capsys):
    before = (place / "copy.duckdb").read_bytes()
    with Warehouse(place / "home.duckdb") as store:
        export_parquet(store, place / "parquet")
    part(place, "2/2", *LANDSCAPES, copy="parquet")
    first = collect(place, capsys)
    assert first["stored"] == len(packets(place)) > 0
    assert [one["parts"] for one in first["missing"]] == [[1]]
    assert first["finished"] == []
    part(place, "1/2", *LANDSCAPES)
    part(place, "1/2", *LANDSCAPES)  # started twice
    last = collect(place, capsys)
    assert last["known"] == first["stored"]
    assert last["stored"] == len(packets(place)) - first["stored"]
    assert (last["missing"], last["left"], last["stale"]) == ([], {}, [])
    assert last["finished"] == ["landscapes.across: all search spaces"]
    found, wanted = contents(place / "home.duckdb"), undisturbed(place, *LANDSCAPES)
    found.pop("order"), wanted.pop("order")  # here the second part came home first
    assert found == wanted
    again = collect(place, capsys, "--remove")
    assert (again["stored"], again["finished"]) == (0, [])
    assert packets(place) == []
    assert (place / "copy.duckdb").read_bytes() == before


def test_packets_that_may_not_be_removed_are_named(tmp_path, monkeypatch, capsys):
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    packet = tmp_path / "one.packet"
    packet.write_text("x")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        commands._remove([packet], tmp_path)
    assert "1 packet could not be removed, such as one.packet" in capsys.readouterr().err
    commands._remove([packet], tmp_path)
    assert (packet.exists(), capsys.readouterr().err) == (False, "")


@pytest.mark.slow
def test_models_rankings_and_sweeps_in_parts_are_those_of_one_run(place, capsys):
    for text in ("1/2", "2/2"):
        part(place, text, "lmem", FORMULA)
        part(place, text, *SWEEPS)
    found = collect(place, capsys)
    assert (found["stored"], found["missing"], found["left"]) == (4, [], {})
    with Warehouse(place / "home.duckdb") as store:
        publish_copy(store, place / "with_models.duckdb")
    for text in ("1/2", "2/2"):
        part(place, text, "rankings", "--response", "value", copy="with_models.duckdb")
    found = collect(place, capsys)
    assert (found["stored"], found["missing"], found["left"], found["outdated"]) == (2, [], {}, [])
    undisturbed(place, "lmem", FORMULA, experiments=("first", "second"))
    undisturbed(place, "rankings", "--response", "value", experiments=("first", "second"))
    wanted = undisturbed(place, *SWEEPS)
    found = contents(place / "home.duckdb")
    assert sorted(found.pop("order")) == sorted(wanted.pop("order"))
    assert found == wanted
    assert {"result.lmem_contrast", "result.ranking_pair", "result.sweep_importance"} <= set(found)


@pytest.mark.parametrize("is_collected_between", [False, True])
def test_rankings_beside_a_model_that_the_copy_did_not_have_are_asked_again(place, capsys, is_collected_between):
    """Rankings compare with the model that was fitted; whichever packet comes home first, they are of that one."""
    of_first = ("--experiment", "first")
    part(place, "1/1", "rankings", "--response", "value", *of_first)
    part(place, "1/1", "lmem", FORMULA, *of_first)
    if is_collected_between:
        (ranked,) = (path for path in packets(place) if path.name.startswith("rankings"))
        ranked.rename(place / ranked.name)
        assert collect(place, capsys)["stored"] == 1
        (place / ranked.name).rename(ranked)
    found = collect(place, capsys)
    assert (found["stored"], found["known"]) == ((0, 1) if is_collected_between else (1, 0))
    assert (found["outdated"], found["stale"]) == (["first"], [])
    assert list(found["left"].values()) == [["rankings: first"]]
    hpowh("collect", place / "shared", "--warehouse", place / "home.duckdb")
    assert "the same command asks something else here" in capsys.readouterr().err
    hpowh("analyse", "rankings", "--response", "value", *of_first, "--warehouse", place / "home.duckdb")
    assert collect(place, capsys)["left"] == {}


def test_packets_on_other_data_than_the_warehouse_has_by_now_are_left_out(place, capsys):
    for text in ("1/2", "2/2"):
        part(place, text, "lmem", FORMULA)
    (place / "more.csv").write_text("algorithm,benchmark,seed,value\nA,first0,9,0.5\n")
    with Warehouse(place / "home.duckdb") as store:
        options = {"experiment": "first", "direction": "min"}
        ingest(store, find_source("runs"), Request(str(place / "more.csv"), "more", {}, options))
    found = collect(place, capsys)
    assert (found["stored"], found["stale"]) == (1, ["first"])
    ((request, names),) = found["left"].items()
    assert names == ["mixed_models.fit: first"]
    assert request == f"hpowh analyse lmem --experiment first -- '{FORMULA}'"


def test_a_part_that_ends_with_an_error_has_not_ended(place, capsys):
    question = ("lmem", "value ~ nothing + (1|benchmark)", "--experiment", "first")
    with pytest.raises(UsageError):
        part(place, "1/2", *question)
    part(place, "2/2", *question)
    assert [one["parts"] for one in collect(place, capsys)["missing"]] == [[1]]


def test_what_cannot_mean_anything_is_refused(place):
    with pytest.raises(UsageError, match="--part goes with --packets"):
        hpowh("analyse", *LANDSCAPES, "--warehouse", place / "copy.duckdb", "--part", "1/2")
    with pytest.raises(HpowhError, match="holds no evaluations and no packets"):
        hpowh("collect", place / "absent", "--warehouse", place / "home.duckdb")
