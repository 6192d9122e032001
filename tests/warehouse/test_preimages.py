"""A checkpoint that is cut off while it writes over a block: what it wrote over comes back, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import HpowhError, WarehouseLockedError
from hpowh.warehouse.migrate import initialise
from hpowh.warehouse.output import preimages
from hpowh.warehouse.output.preimages import FIRST_BLOCK, OVERWRITTEN, Guard, copies_of, put_back

BLOCK = 2**18
PAGE = 4096


def add_benchmark(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    connection.execute("insert into core.benchmark select ?, 'b' || ?", [number, number])


def benchmarks(path: Path) -> list[tuple[str]]:
    with Warehouse(path) as store:
        return store.sql("select name from core.benchmark order by 1").rows()


def blocks_of(content: bytes) -> list[bytes]:
    return [content[at : at + BLOCK] for at in range(FIRST_BLOCK, len(content), BLOCK)]


@pytest.fixture
def cut_off(empty_warehouse: Path, tmp_path: Path):
    """Make a folder as it is when a process dies in a checkpoint after so many bytes of each block it writes over."""
    path = tmp_path / "hpowh.duckdb"
    shutil.copy(empty_warehouse, path)
    before = path.read_bytes()
    connection = duckdb.connect(str(path))
    in_use = [number for (number,) in connection.execute(OVERWRITTEN).fetchall()]
    with Guard(connection, path) as guard:
        connection.begin()
        add_benchmark(connection, 1)
        guard.save()
        connection.commit()
        kept = {file.name: file.read_bytes() for file in (*copies_of(path), path.with_name(f"{path.name}.wal"))}
    after = path.read_bytes()
    assert len(kept) == 2
    assert in_use

    def made(written: int, *, is_protected: bool = True) -> Path:
        folder = tmp_path / f"cut-{written}-{is_protected}"
        folder.mkdir()
        content = bytearray(before) + after[len(before) :]  # new blocks are there, and the old headers
        for number in in_use:
            begin = FIRST_BLOCK + number * BLOCK
            content[begin : begin + written] = after[begin : begin + written]
        (folder / path.name).write_bytes(content)
        for name, log in kept.items():
            if is_protected or name.endswith(".wal"):
                (folder / name).write_bytes(log)
        return folder / path.name

    return made


@pytest.mark.parametrize("written", [0, 1, 8, PAGE, BLOCK // 2, BLOCK - PAGE, BLOCK])
def test_a_block_of_two_halves_is_made_whole_and_nothing_is_lost(cut_off, written):
    path = cut_off(written)
    assert benchmarks(path) == [("b1",)]
    assert not copies_of(path)
    with Warehouse(path) as store:
        assert not [one.name for one in run_checks(store) if one.failures and one.name != "seals"]


@pytest.mark.parametrize("written", [8, PAGE, BLOCK // 2])
def test_without_the_copy_such_a_file_cannot_be_opened(cut_off, written):
    """What this is for: DuckDB alone loses the file."""
    path = cut_off(written, is_protected=False)
    with pytest.raises(duckdb.Error, match="checksum"):  # DuckDB 2 has no kind of its own for it
        duckdb.connect(str(path))
    with pytest.raises(HpowhError, match="is damaged"):
        benchmarks(path)


def test_it_is_put_back_also_by_who_reads_upgrades_or_was_named_by_a_link(cut_off, tmp_path):
    path = cut_off(PAGE)
    link = tmp_path / "link.duckdb"
    link.symlink_to(path)
    assert initialise(link)[0] == "unchanged"
    assert not copies_of(path)
    assert benchmarks(path) == [("b1",)]


def test_a_copy_that_is_half_written_or_of_another_state_changes_nothing(cut_off):
    path = cut_off(0)
    (copy,) = copies_of(path)
    whole, content = copy.read_bytes(), path.read_bytes()
    for text in (b"", whole[:1000], whole[:-1], whole[:-40] + bytes(40)):
        copy.write_bytes(text)
        put_back(path)
        assert path.read_bytes() == content
        assert not copies_of(path)
    copy.write_bytes(whole)
    with duckdb.connect(str(path)) as connection:  # another program folds the log in: the headers are others
        connection.execute("checkpoint")
    content = path.read_bytes()
    put_back(path)
    assert path.read_bytes() == content
    assert not copies_of(path)
    assert benchmarks(path) == [("b1",)]


def test_nothing_is_put_back_under_a_process_that_has_the_file_open(cut_off):
    path = cut_off(0)
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"open\n"
        put_back(path)
        assert copies_of(path)
        with pytest.raises(WarehouseLockedError):
            benchmarks(path)
        assert copies_of(path)
    finally:
        holder.communicate()
    assert benchmarks(path) == [("b1",)]
    assert not copies_of(path)


def test_who_may_only_read_is_told_who_can_mend_it(cut_off, monkeypatch):
    path = cut_off(PAGE)
    opened = os.open
    monkeypatch.setattr(os, "open", lambda file, *more: refuse() if Path(file) == path else opened(file, *more))

    def refuse():
        raise PermissionError(13, "Permission denied")

    with pytest.raises(HpowhError) as caught:
        benchmarks(path)
    assert "may write" in str(caught.value.hint)
    assert copies_of(path)


def test_a_transaction_leaves_no_copy_whether_it_ends_well_or_not(warehouse):
    saved = []
    keep = Guard.save

    def save(guard):
        keep(guard)
        saved.extend(copies_of(warehouse.path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guard, "save", save)
        with warehouse.writing() as connection:
            add_benchmark(connection, 1)
        with pytest.raises(ZeroDivisionError), warehouse.writing() as connection:
            add_benchmark(connection, 2)
            raise ZeroDivisionError
        patch.setattr(preimages.durable, "flush_folder", refuse_to_flush)
        with pytest.raises(HpowhError, match="No space left"), warehouse.writing() as connection:
            add_benchmark(connection, 3)
    assert saved
    assert not copies_of(warehouse.path)
    assert benchmarks(warehouse.path) == [("b1",)]


def test_while_the_log_stays_the_copy_stays(warehouse):
    """Of a checkpoint that failed at the end nobody is told; what was kept goes with the next command."""
    with duckdb.connect(str(warehouse.path)) as other:  # the same process: the log is not folded in before it closes
        with Guard(duckdb.connect(str(warehouse.path)), warehouse.path) as guard:
            guard._connection.begin()
            add_benchmark(guard._connection, 1)
            guard.save()
            guard._connection.commit()
        assert copies_of(warehouse.path)
        other.execute("checkpoint")
    assert benchmarks(warehouse.path) == [("b1",)]
    assert not copies_of(warehouse.path)


def refuse_to_flush(_):
    raise OSError(28, "No space left on device")


def test_whatever_a_checkpoint_writes_over_was_kept_aside_or_free(warehouse):
    """Of other versions of DuckDB, too: blocks that changed and were not kept may hold anything in the old state."""
    path = warehouse.path
    for step in range(5):
        before = path.read_bytes()
        kept: set[int] = set()
        with duckdb.connect(str(path)) as connection:
            kept = {number for (number,) in connection.execute(OVERWRITTEN).fetchall()}
            connection.execute(f"create table t{step} as select i, 'text' || i as s from range(20_000) as t(i)")
            for number in range(20 * (step % 3)):
                connection.execute(f"create table u{step}_{number} (a integer, b varchar)")
            if step % 4 == 3:
                connection.execute(f"drop table t{step - 1}")
        garbage = bytearray(before)
        for number, (old, new) in enumerate(zip(blocks_of(before), blocks_of(path.read_bytes()), strict=False)):
            if old != new and number not in kept:
                begin = FIRST_BLOCK + number * BLOCK
                garbage[begin : begin + BLOCK] = os.urandom(BLOCK)
        other = path.with_name("garbage.duckdb")
        other.write_bytes(garbage)
        with duckdb.connect(str(other), read_only=True) as connection:
            names = "select schema_name || '.' || table_name from duckdb_tables()"
            for (name,) in connection.execute(names).fetchall():
                connection.execute(f"select bit_xor(hash(x)) from {name} as x").fetchall()
