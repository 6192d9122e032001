"""A published folder is opened by what its manifest says; a manifest that somebody else wrote opens nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse import HpowhError, Warehouse
from hpowh.warehouse.errors import NotAWarehouseError
from hpowh.warehouse.output.lakes import register_lake
from hpowh.warehouse.output.publishing import export_parquet, verify_parquet

KIND = "INTEGER); copy (select 'written') to '{folder}/written.csv'; create table core.more (a INTEGER"
FORGED: dict[str, dict[str, Any]] = {
    "a type that is SQL": {"columns": {"algorithm_id": KIND, "name": "VARCHAR"}},
    "a type that ends the list": {"columns": {"name": "VARCHAR as name from read_text('{folder}/secret.csv') --"}},
    "a file above the folder": {"files": {"../secret.csv": ""}, "bytes": 9},
    "a file of the root": {"files": {"/etc/passwd": ""}, "bytes": 9},
    "a pattern": {"files": {"**": ""}, "bytes": 9},
    "a name that is SQL": {"name": "core.a (a integer); drop table core.a; --"},
    "a view's name": {"name": "mart.run"},
    "a grain that is none": {"grain": 5},
    "a size that is none": {"bytes": "many"},
    "no columns": {"columns": None},
    "no files": {"files": None},
}


@pytest.fixture(scope="module")
def published(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    (folder / "secret.csv").write_text("a\nsecret\n")
    with Warehouse(empty_warehouse) as store:
        export_parquet(store, folder / "parquet")
    return folder


@pytest.mark.parametrize("forged", FORGED.values(), ids=list(FORGED))
def test_a_forged_manifest_is_refused_and_does_nothing(published, tmp_path, empty_warehouse, forged):
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "parquet" / "manifest.json"
    manifest = json.loads(file.read_text())
    table = next(one for one in manifest["tables"] if one["name"] == "core.algorithm")
    table |= json.loads(json.dumps(forged).replace("{folder}", str(tmp_path)))
    file.write_text(json.dumps(manifest))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(NotAWarehouseError, match="its manifest has"), Warehouse(tmp_path / "parquet") as store:
        store.sql("from core.algorithm").rows()
    with pytest.raises(NotAWarehouseError), Warehouse(empty_warehouse) as store:
        verify_parquet(store, tmp_path / "parquet")
    with pytest.raises(NotAWarehouseError):
        register_lake(tmp_path / "parquet", str(tmp_path / "lake.sqlite"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "text", ["[]", '{"tables": [1], "revision": "1"}', '{"tables": {}, "revision": 3}', "{", "[" * 10**5]
)
def test_what_is_no_manifest_is_said_in_a_sentence(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(HpowhError), Warehouse(tmp_path) as store:
        store.sql("select 1").rows()


def test_the_own_manifest_is_read(published):
    with Warehouse(published / "parquet", locked_down=True) as store:
        assert store.sql("select count(*) from core.algorithm").one() == 0
