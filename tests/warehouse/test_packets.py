"""A packet is whole or absent, says of what it is, and comes home once, and only where it belongs."""

from __future__ import annotations

import random
import zipfile
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from hpowh.warehouse import AnalysisRun, Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.packets.bringing import bring_home, packets_of
from hpowh.warehouse.packets.origin import origin_of
from hpowh.warehouse.packets.packet import Packet, PacketError, Request, read_packet, write_packet
from hpowh.warehouse.packets.parts import Part
from hpowh.warehouse.packets.store import ELSEWHERE, PacketWarehouse

REQUEST = Request("landscapes", ("--space", "a space"))
ROWS = {
    "search_space_id": [1, 1],
    "aspect": ["seed", "seed"],
    "context": ["", ""],
    "landscape_a": ["a", "a"],
    "landscape_b": ["b", "c"],
    "measure": ["spearman", "spearman"],
    "value": [0.1 + 0.2, None],
    "configuration_count": [7, 0],
}
TABLES = {"landscape_similarity": pl.DataFrame(ROWS)}


def run_of(subject: str, fingerprint: str = "f") -> AnalysisRun:
    return AnalysisRun(
        job="landscapes.similarity",
        subject=subject,
        job_version="1",
        parameters={"aspect": "seed"},
        input_fingerprint=fingerprint,
        seed=3,
        warnings=["say this"],
    )


def left_in(folder: Path, warehouse: Warehouse, *subjects: str) -> list[Path]:
    origin = origin_of(warehouse)
    folder.mkdir(exist_ok=True)
    return [
        write_packet(folder, Packet(run=run_of(s), tables=TABLES, keep=2, request=REQUEST, origin=origin))
        for s in subjects
    ]


def stored(warehouse: Warehouse) -> list[tuple]:
    query = "select subject from ops.analysis_run order by analysis_run_id"
    return [subject for (subject,) in warehouse.sql(query).rows()]


def test_what_is_written_is_read(tmp_path, warehouse):
    (path,) = left_in(tmp_path / "p", warehouse, "a: b/c")
    found = read_packet(path)
    run = run_of("a: b/c")
    run.started_at = found.run.started_at
    assert found.run == run
    assert isinstance(found.run.started_at, datetime)
    assert pl.from_arrow(found.tables["landscape_similarity"]).equals(TABLES["landscape_similarity"])
    assert (found.request, found.keep) == (REQUEST, 2)
    assert str(found.request) == "hpowh analyse landscapes --space 'a space'"
    assert [one.name for one in (tmp_path / "p").iterdir()] == [path.name]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([0.1, float("nan"), None]),
        pa.nulls(3),
        pa.array(["x", None, ""], pa.large_string()),
        pa.array(["x", "x", None]).dictionary_encode(),
        pa.array([[1.5], [], None]),
        pa.array([1, 2, None], pa.uint16()),
        pl.Series(["x", None, "long enough for no inlining"]).to_arrow(),
    ],
    ids=lambda column: str(column.type),
)
def test_every_kind_of_column_keeps_its_type_and_its_bits(column, tmp_path, warehouse):
    packet = Packet(run=run_of("a"), tables={"t": pa.table({"c": column})}, keep=1, request=REQUEST, origin={})
    found = read_packet(write_packet(tmp_path, packet)).tables["t"]
    assert found.schema.field("c").type == column.type
    assert found.column("c").combine_chunks().to_pylist().__repr__() == column.to_pylist().__repr__()


def test_packets_come_home_once_in_the_order_of_the_plan(tmp_path, warehouse):
    left_in(tmp_path / "p", warehouse, "a", "b", "c")
    plan = [run_of("c"), run_of("other"), run_of("a"), run_of("b", "other input")]
    found = bring_home(warehouse, packets_of(tmp_path / "p"), lambda _: plan)
    assert (found.stored, [packet.run.subject for packet in found.stale]) == (2, ["b"])
    assert stored(warehouse) == ["c", "a"]
    rows = warehouse.sql("select value from result.landscape_similarity order by all").rows()
    assert rows == [(0.1 + 0.2,), (0.1 + 0.2,), (None,), (None,)]
    again = bring_home(warehouse, packets_of(tmp_path / "p"), lambda _: [])
    assert (again.stored, again.known, len(again.home)) == (0, 2, 2)


def test_packets_of_another_warehouse_stay_out(tmp_path, warehouse):
    with warehouse.writing() as connection:
        connection.execute("insert into core.benchmark values (1, 'one')")
    left_in(tmp_path / "p", warehouse, "a")

    def foreign() -> list[str]:
        found = bring_home(warehouse, packets_of(tmp_path / "p"), lambda _: [run_of("a")])
        return [packet.run.subject for packet in found.foreign]

    for change in (
        "update core.benchmark set name = 'another'",
        "update ops.warehouse set created_at = created_at + interval 1 second",
    ):
        with warehouse.writing() as connection:
            connection.execute(change)
        assert foreign() == ["a"], change
        back = {"core": "update core.benchmark set name = 'one'"}.get(change[7:11])
        if back:
            with warehouse.writing() as connection:
                connection.execute(back)
                connection.execute("insert into core.benchmark values (2, 'later')")
    assert stored(warehouse) == []


def test_any_damage_is_noticed_and_the_others_come_home(tmp_path, warehouse):
    whole, torn, changed = left_in(tmp_path / "p", warehouse, "whole", "torn", "changed")
    draw = random.Random(0)
    content = torn.read_bytes()
    for length in [0, 1, len(content) - 1, *(draw.randrange(len(content)) for _ in range(20))]:
        torn.write_bytes(content[:length])
        with pytest.raises(PacketError, match=r"Remove it, and run its part again|is no whole packet"):
            read_packet(torn)
    with zipfile.ZipFile(changed) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data + b" " if name.endswith("parquet") else data)
    plan = [run_of("whole"), run_of("torn"), run_of("changed")]
    found = bring_home(warehouse, packets_of(tmp_path / "p"), lambda _: plan)
    assert (found.stored, found.home, len(found.damaged)) == (1, [whole], 2)
    assert stored(warehouse) == ["whole"]


def test_a_part_makes_its_share_once_and_writes_nothing_into_the_copy(tmp_path, warehouse):
    with PacketWarehouse(warehouse.path, folder=tmp_path / "p", part=Part(2, 2), wait=0) as reader:
        reader.ask(REQUEST)
        runs = [run_of(name) for name in "abcd"]
        runs[0].rests_on_results = True
        asked = [reader.find_run(run) for run in runs]
        assert asked == [ELSEWHERE, ELSEWHERE, None, ELSEWHERE]
        assert [reader.find_run(run) for run in runs] == asked  # asked again, dealt the same
        reader.save_run(runs[2], TABLES)
        assert reader.find_run(runs[2]) == ELSEWHERE
        with pytest.raises(UsageError, match="only read"), reader.writing():
            pass
        assert reader.finish() == (
            f"Part 2/2: 1 packet written to {tmp_path / 'p'}; 2 for other parts; 1 left to hpowh collect."
        )
    assert stored(warehouse) == []
    assert len(packets_of(tmp_path / "p")) == 1
