"""The house itself: packages complete, the wheel whole, the documentation true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from . import imports

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("front", "warehouse", "sql", "migrations", "analyses", "reports")


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_is_listed():
    """A forgotten one works in an editable install and is silently missing from the wheel."""
    listed = set(project()["tool"]["setuptools"]["packages"])
    found = {
        ".".join(["hpowh", *init.parent.relative_to(ROOT).parts]).replace("hpowh.front", "hpowh")
        for floor in FLOORS
        for init in (ROOT / floor).rglob("__init__.py")
    }
    assert found == listed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_floors(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix("hpowh/") for name in archive.namelist() if name.startswith("hpowh/")}
    kept = {
        str(path.relative_to(ROOT)).removeprefix("front/")
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert kept - packed == set()


@pytest.mark.slow
def test_the_source_distribution_holds_tests_docs_and_benchmarks(tmp_path):
    """Every file of the checkout, except what belongs to the place where it is developed."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout")
    build = [sys.executable, "-m", "build", "--sdist", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    here = (".github/", ".gitignore", ".pre-commit-config.yaml")
    assert {name for name in listed.stdout.split("\n") if name and not name.startswith(here)} - packed == set()


def test_the_wheel_works_by_itself(wheel, tmp_path):
    """Unpacked into a folder of its own, with the checkout out of reach: make a warehouse, load, ask."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (tmp_path / "runs.csv").write_text("algorithm,benchmark,seed,budget,value\nA,b,0,1,0.5\n")
    script = f"""
import sys
sys.path[:] = [{str(site)!r}] + [p for p in sys.path if not p.endswith({ROOT.name!r})]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
import hpowh
assert hpowh.__file__ and hpowh.__version__ and 'duckdb' not in sys.modules
import hpowh.warehouse
assert hpowh.warehouse.__file__.startswith({str(site)!r}), hpowh.warehouse.__file__
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest
store = Warehouse.create("w.duckdb")
ingest(store, find_source("runs"), Request("runs.csv", "runs"))
print(store.sql("select count(*) from mart.observation").one())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "1", done.stderr


def fields_of(record: ast.ClassDef, neighbours: dict[str, ast.ClassDef]) -> list[str]:
    """Return the names of the fields that a dataclass takes, those of its bases in the same file among them."""
    names = []
    for base in record.bases:
        if isinstance(base, ast.Name) and base.id in neighbours:
            names += fields_of(neighbours[base.id], neighbours)
    for line in record.body:
        if isinstance(line, ast.AnnAssign) and "ClassVar" not in ast.unparse(line.annotation):
            names.append(ast.unparse(line.target))
    return list(dict.fromkeys(names))


def long_records_by_place(source: str) -> list[str]:
    """Return the dataclasses of more than five fields that can be made by place: two of a type could be swapped."""
    records = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    by_name = {record.name: record for record in records}
    return [
        record.name
        for record in records
        for decorator in map(ast.unparse, record.decorator_list)
        if re.match(r"(dataclasses\.)?dataclass\b", decorator) and "kw_only=True" not in decorator
        if len(fields_of(record, by_name)) > 5
    ]


def test_long_records_are_made_by_keyword():
    five = "from dataclasses import dataclass\n@dataclass\nclass Five:\n" + "".join(
        f"    x{i}: int\n" for i in range(5)
    )
    assert long_records_by_place(five) == []
    assert long_records_by_place(five + "@dataclass(frozen=True)\nclass Six(Five):\n    y: int\n") == ["Six"]
    guilty = {
        str(path.relative_to(ROOT)): names
        for top in (*FLOORS, "benchmarks", "tests")
        for path in (ROOT / top).rglob("*.py")
        if (names := long_records_by_place(path.read_text()))
    }
    assert guilty == {}


def test_no_circle_of_files():
    """Import-linter's layers do not look inside a floor, and a deferred import only hides a circle."""
    graph = imports.imports(imports.modules())
    assert imports.circles(graph) == []
    assert len(graph) > 400 and "hpowh.warehouse.errors" in graph["hpowh.warehouse.store"]


def test_nobody_enters_by_the_front():
    """`import hpowh` is for users: a module below that names it would import upwards."""
    graph = imports.imports(imports.modules())
    assert graph["hpowh"] > {"hpowh.reports.door.session"}
    assert [module for module, named in graph.items() if "hpowh" in named] == []


def test_circles_are_found(tmp_path):
    """a leads to b, b by a deferred import to c, c for its types to a; d stands outside; the package is no part."""
    files = {
        "__init__": "from hpowh.warehouse import d\n",
        "a": "from hpowh.warehouse import b\n",
        "b": "def later():\n    import hpowh.warehouse.c\n",
        "c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from hpowh.warehouse.a import name\n",
        "d": "from hpowh.warehouse.c import name\n",
    }
    (tmp_path / "warehouse").mkdir()
    for name, text in files.items():
        (tmp_path / "warehouse" / f"{name}.py").write_text(text)
    graph = imports.imports(imports.modules(tmp_path))
    assert imports.circles(graph) == [["hpowh.warehouse.a", "hpowh.warehouse.b", "hpowh.warehouse.c"]]
    graph["hpowh.warehouse.c"].clear()
    assert imports.circles(graph) == []


MOST_MODULES = 25
"""More files than this in a folder want a folder of their own."""


def test_no_folder_is_a_heap():
    sizes = {
        str(folder.relative_to(ROOT)): sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        for floor in FLOORS
        for folder in [ROOT / floor, *(path for path in (ROOT / floor).rglob("*") if path.is_dir())]
    }
    assert {name: size for name, size in sizes.items() if size > MOST_MODULES} == {}


STATEMENT = re.compile(
    r"\s*(select\s.+\sfrom|with\s.+\sselect|insert\s+into|update\s.+\sset|delete\s+from|create|drop\s+table)\b",
    re.I | re.S,
)
LONGEST_SQL = 120
"""Characters of a static statement in Python: what does not fit on a line is a file of `sql/`."""
MOST_SQL = 11_200
"""Characters of all of them together."""
OTHERS_TABLES = {"warehouse/sources/optuna/sqlite.py", "warehouse/sources/sweeps/sqlite_files.py"}
"""Files that ask other programs' SQLite files, which hpowh's folders of SQL are not about."""


def static_statements(source: str) -> list[str]:
    """Return the SQL statements that are written out whole: those into which nothing is put at run time."""
    if not re.search(r"['\"\n]\s*(select|with|insert|update|delete|create|drop)\b", source):
        return []
    tree = ast.parse(source)
    parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node not in parts and node not in texts and STATEMENT.match(node.value)
    ]


def test_sql_that_stands_fast_is_no_python():
    assert static_statements('"""select 1 from a"""\nx = f"select {a} from b"\ny = "select 1 from b"') == [
        "select 1 from b"
    ]
    found = {
        str(path.relative_to(ROOT)): statements
        for floor in set(FLOORS) - {"migrations"}  # a revision stands as it was written
        for path in (ROOT / floor).rglob("*.py")
        if (statements := static_statements(path.read_text()))
    }
    long = {name: [sql for sql in statements if len(sql) > LONGEST_SQL] for name, statements in found.items()}
    assert {name for name, statements in long.items() if statements} - OTHERS_TABLES == set()
    assert sum(len(sql) for statements in found.values() for sql in statements) <= MOST_SQL


GROUNDS = {"tables", "sweeps", "traced", "trackers", "trials"}
"""Folders of `warehouse/sources` that are no tool: what several tools' readers stand on."""
BETWEEN_TOOLS = {
    ("carps", "smac"),  # CARP-S writes its trials' states by SMAC's names
}


def test_a_source_knows_no_other_tool():
    graph = imports.imports(imports.modules())
    prefix = "hpowh.warehouse.sources."
    between = {
        (tool, other)
        for module, named in graph.items()
        for target in named
        if module.startswith(prefix) and target.startswith(prefix)
        for tool, other in [(module.removeprefix(prefix).split(".")[0], target.removeprefix(prefix).split(".")[0])]
        if tool != other and other not in GROUNDS
    }
    assert between == BETWEEN_TOOLS


def test_every_family_of_analyses_is_kept_from_the_others():
    folders = {path.parent.name for path in (ROOT / "analyses").glob("*/__init__.py")}
    contracts = {contract["name"]: contract for contract in project()["tool"]["importlinter"]["contracts"]}
    families = {f"hpowh.analyses.{name}" for name in folders - {"statistics", "elsewhere"}}
    assert set(contracts["Families of analyses do not import each other"]["modules"]) == families
    assert set(contracts["Statistics know no family and no warehouse"]["forbidden_modules"]) > families
    assert set(contracts["Who sends work elsewhere knows no family"]["forbidden_modules"]) == families


def test_every_floor_says_that_it_has_types():
    assert [
        floor for floor in ("front", "warehouse", "analyses", "reports") if not (ROOT / floor / "py.typed").is_file()
    ] == []


def test_versions_are_pinned_for_every_direct_dependency():
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    described = project()["project"]
    direct = described["dependencies"] + [d for extra in described["optional-dependencies"].values() for d in extra]
    names = {re.split(r"[<>=\[; ]", d)[0].lower() for d in direct} - {"hpowh"}
    assert names - pinned == set()


def test_what_make_installs_is_locked_by_hashes():
    """`make lock` was run after the last change of a dependency or a pin, and nothing comes from an address."""
    text = (ROOT / "locked.txt").read_text()
    entries = re.findall(
        r"^([A-Za-z0-9._-]+)==([^ ;\\]+)[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)$", text, re.M
    )
    assert len(entries) == len(re.findall(r"^\S", text, re.MULTILINE)) > 100
    assert "://" not in text and " @ " not in text

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    locked = {plain(name): version for name, version, _ in entries}
    lines = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    assert [name for name, version in lines if locked.get(plain(name), version) != version] == []
    described = project()["project"]
    of_demo_and_tests = [
        d for name in ("agent", "demo", "embedding", "excel", "paper", "pdf", "wandb", "dev")
        for d in described["optional-dependencies"][name]
    ]  # fmt: skip
    names = {plain(re.split(r"[<>=\[; ]", d)[0]) for d in [*described["dependencies"], *of_demo_and_tests]} - {"hpowh"}
    assert names | {"setuptools"} <= set(locked)


def test_changelog_names_the_version():
    assert f"## {project()['project']['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_path_of_one_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    guilty = []
    for name in tracked:
        path = ROOT / name
        if path.is_file() and path.suffix in {".py", ".md", ".sql", ".toml", ".j2", ".js", ".css", ".txt", ""}:
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1):
                if re.search(r"(?<![\w.-])/(work|root|home)/", line) and "test_house" not in name:
                    guilty.append(f"{name}:{number}")
    assert guilty == []
