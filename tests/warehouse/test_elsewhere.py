"""A warehouse published to an object store or registered in a lake is read as the file is; with DuckDB's extensions.

The extensions are pip's, which follow DuckDB's releases by some weeks: so they stand in an environment of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hpowh.warehouse.elsewhere.extensions import load_extension
from hpowh.warehouse.elsewhere.published import is_elsewhere, remote_address
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.output.lakes import register_lake

HERE = Path(duckdb.__file__).parents[1]
BEGIN = f"""
import json, os, site, sys
site.addsitedir({str(HERE)!r})
from pathlib import Path
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.output.publishing import export_parquet

def compare(home, there):
    with Warehouse(home) as one, Warehouse(there) as other:
        names = [table.name for table in one.tables() if table.name != "ops.view_definition"]
        assert names == [table.name for table in other.tables()]
        for name in names:
            assert one.columns(name) == other.columns(name), name
            query = f"select * from {{name}} order by all"
            assert one.sql(query).rows() == other.sql(query).rows(), name
    with Warehouse(there, locked_down=True) as locked:
        assert locked.sql("select count(*) from core.trace").one() == 45
        for query in ("from '/etc/passwd'", "from read_text('/etc/passwd')"):
            try:
                locked.sql(query)
            except Exception:
                continue
            raise AssertionError(query)
    return len(names)
"""
LAKE = """
from hpowh.warehouse.output.lakes import register_lake
export_parquet(Warehouse("home.duckdb"), Path("parquet"))
counts = [register_lake(Path("parquet"), "lake.sqlite") for _ in range(2)]  # published again
parquet = sorted(path for path in Path().rglob("*.parquet"))
assert counts == [len(parquet)] * 2 and all(path.parts[0] == "parquet" for path in parquet), parquet  # nothing copied
print(compare("home.duckdb", "ducklake:sqlite:lake.sqlite"))
"""
SERVED = """
from hpowh.warehouse.output.lakes import register_lake
export_parquet(Warehouse("home.duckdb"), Path("parquet"))
address = f"ducklake:postgres:dbname=postgres user=postgres host={sys.argv[1]}"
counts = [register_lake(Path("parquet"), address) for _ in range(2)]
assert counts == [len([*Path("parquet").rglob("*.parquet")])] * 2
print(compare("home.duckdb", address))
"""
STORE = """
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
host, port = server.get_host_and_port()
os.environ |= {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_REGION": "us-east-1"}
os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
bucket = boto3.client("s3", region_name="us-east-1")
bucket.create_bucket(Bucket="study")
export_parquet(Warehouse("home.duckdb"), Path("parquet"))
for path in Path("parquet").rglob("*"):
    if path.is_file():
        bucket.upload_file(str(path), "study", str(path))
print(compare("home.duckdb", Path("s3://study/parquet")))
from hpowh.analyses.mixed_models.files.job import analyse_files
files = "s3://study/parquet/core/trace/part.parquet"
found = [analyse_files(names, "value ~ budget + (1|run_id)").tables["lmem_model"]["log_likelihood"][0]
         for names in (files, "parquet/core/trace/part.parquet")]
assert found[0] == found[1], found
try:
    Warehouse("s3://study/absent").sql("select 1")
except HpowhError as error:
    assert "is no published folder" in str(error)
else:
    raise AssertionError("read what is not there")
server.stop()
"""


@pytest.fixture
def home(warehouse, tmp_path) -> Path:
    """Runs and a grid, in `home.duckdb`."""
    points = [(a, b, n) for a in ("A", "BB", "CCC") for b in range(3) for n in range(1, 6)]
    lines = [f"{a},b{b},0,{n},{(len(a) + b + n % 3) / n + b * 0.1}" for a, b, n in points]
    runs = "\n".join(["algorithm,benchmark,seed,budget,value", *lines])
    (tmp_path / "runs.csv").write_text(runs)
    (tmp_path / "grid.csv").write_text("lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,nan\n")
    for kind in ("runs", "grid"):
        ingest(warehouse, find_source(kind), Request(str(tmp_path / f"{kind}.csv"), kind))
    warehouse.close()
    (tmp_path / "hpowh.duckdb").rename(tmp_path / "home.duckdb")
    return tmp_path


@pytest.mark.parametrize("script", [LAKE, STORE], ids=["lake", "object store"])
def test_a_lake_and_an_object_store_are_read_as_the_warehouse(script, home, peer):
    done = peer("elsewhere").run(BEGIN + script, cwd=home, timeout=300)
    assert json.loads(done.stdout.splitlines()[-1]) > 100


@pytest.fixture
def postgres() -> Iterator[Path]:
    """The folder of the socket of a PostgreSQL server without a network; where there is none, the test says that."""
    places = [shutil.which("initdb"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    binary = next((Path(place).resolve() for place in places if place), None)
    if binary is None:
        pytest.skip("NOT TESTED with a catalogue in PostgreSQL: Debian's package postgresql is not installed")
    folder = Path(tempfile.mkdtemp(prefix="hpowh-pg-"))  # a socket's path must be short
    as_whom: dict[str, Any] = {}
    if os.getuid() == 0:  # it does not serve as root
        as_whom = {"user": "postgres"}
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    made = [str(binary), "--pgdata", data, "--auth", "trust", "--username", "postgres", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **as_whom)
    command = [str(binary.with_name("postgres")), "-D", data, "-k", str(folder), "-c", "listen_addresses="]
    server = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, **as_whom)
    assert server.stderr is not None
    for line in server.stderr:
        if "ready to accept connections" in line:
            break
    yield folder
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=60)
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_lakes_catalogue_may_be_in_postgresql(home, peer, postgres):
    done = peer("elsewhere").run(BEGIN + SERVED, postgres, cwd=home, timeout=300)
    assert json.loads(done.stdout.splitlines()[-1]) > 100


def test_an_extension_that_cannot_be_had_is_said_with_what_was_tried():
    with duckdb.connect() as connection, pytest.raises(HpowhError) as error:
        load_extension(connection, "no_such_thing")
    for tried in ("DuckDB's own folder", "pip's duckdb-extension-no-such-thing", "DuckDB's server", "pip install"):
        assert tried in str(error.value)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        (Path("s3://bucket/a/b"), "s3://bucket/a/b"),
        (Path("https://host/x"), "https://host/x"),
        (Path("folder/s3"), None),
        (Path("s3"), None),
    ],
)
def test_addresses_survive_being_paths(path, address):
    assert remote_address(path) == address
    assert is_elsewhere(Path(path)) == (address is not None)
    assert is_elsewhere(Path("ducklake:sqlite:x.sqlite"))


def test_a_file_that_is_no_catalogue_is_not_written(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="no catalogue"):
        register_lake(tmp_path, str(tmp_path / "notes.txt"))
    assert (tmp_path / "notes.txt").read_text() == "mine"
