"""Opening a warehouse's file: what is damaged is said, and a fault of DuckDB's optimizer is kept out."""

from __future__ import annotations

import duckdb
import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.connection import STORAGE, connect
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.limits import Limits
from hpowh.warehouse.locked import locked_connection

TABLES = """
create table run as from (values (1, 'traces', 'p'), (2, 'fit', 'q'), (3, 'traces', 'p')) as t(id, job, parameters);
create table model as select 2 as id;
"""
LATEST = """
select r.id from run as r join model as m using (id)
where r.job = 'fit' and r.id <> $other
qualify row_number() over (partition by r.parameters order by r.id desc) = 1
"""


@pytest.mark.parametrize("is_locked", [False, True], ids=["plain", "locked down"])
def test_the_newest_of_each_is_found(tmp_path, is_locked):
    """DuckDB 1.5.6 by itself answers this query with an internal error."""
    with duckdb.connect(str(tmp_path / "w.duckdb")) as writer:
        writer.execute(TABLES)
    path = tmp_path / "w.duckdb"
    opened = locked_connection(path, Limits(), None) if is_locked else connect(path, read_only=True)
    with opened as connection:
        assert connection.execute(LATEST, {"other": 2}).fetchall() == []
        assert connection.execute(LATEST, {"other": 1}).fetchall() == [(2,)]


def test_a_file_that_is_cut_off_is_damaged(tmp_path):
    file = tmp_path / "w.duckdb"
    Warehouse.create(file).close()
    with file.open("r+b") as handle:
        handle.truncate(file.stat().st_size // 20)
    with pytest.raises(HpowhError, match="is damaged.*Restore a backup"):
        Warehouse(file).tables()


@pytest.mark.parametrize(("memory", "held"), [(None, "1.0 GiB"), ("100 MB", "23.8 MiB")], ids=["plain", "locked down"])
def test_a_result_fits_into_the_buffer_that_its_threads_would_wait_for(tmp_path, memory, held):
    path = tmp_path / "w.duckdb"
    duckdb.connect(str(path)).close()
    opened = connect(path, read_only=True) if memory is None else locked_connection(path, Limits(memory=memory), None)
    with opened as connection:
        assert connection.execute("select current_setting('streaming_buffer_size')").fetchone() == (held,)
        rows = connection.execute("select a.i from range(3000) a(i), range(1000) union all from range(10)")
        assert len(rows.fetchnumpy()["i"]) == 3_000_010


FORM = "select tags['storage_version'] from duckdb_databases() where not internal"


def test_a_new_warehouse_has_the_small_form_and_an_older_file_keeps_its_own(empty_warehouse, tmp_path):
    with connect(empty_warehouse, read_only=True) as new:
        assert new.execute(FORM).fetchall() == [(f"{STORAGE}+",)]
    path = tmp_path / "old.duckdb"
    with duckdb.connect() as copier:
        copier.execute(f"attach '{empty_warehouse}' as new (read_only)")
        copier.execute(f"attach '{path}' as old (storage_version 'v1.0.0')")
        copier.execute("copy from database new to old")
    assert path.stat().st_size > 3 * empty_warehouse.stat().st_size
    with Warehouse(path) as old, old.writing() as connection:
        connection.execute("insert into core.experiment values (1, 'e')")
    assert Warehouse(path).sql("select name from core.experiment").rows() == [("e",)]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute(FORM).fetchall() == [("v1.0.0+",)]
