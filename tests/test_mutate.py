"""Planted faults: what is changed, what is left alone, and that a test is seen to kill or to miss."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import mutate
from benchmarks.mutations import mutants, sample

SOURCE = '''"""Text: 1 < 2."""
from __future__ import annotations


def mean(values: list[float], cut: int = 3) -> float:
    """Return 1."""
    if not values:
        raise ValueError(f"at least {1 + 1} values")
    kept = values[1:cut]
    return sum(kept) / max(len(kept), 1) if len(kept) >= 2 and cut else -kept[0]
'''


def changes(source: str) -> set[tuple[str, str]]:
    return {(one.kind, one.lines(source)[1]) for one in mutants(source)}


def test_every_kind_of_mutant_is_made_of_a_source():
    found = changes(SOURCE)
    last = "return sum(kept) / max(len(kept), 1) if len(kept) >= 2 and cut else -kept[0]"
    assert ("condition", "if (not (not values)):") in found or ("condition", "if (not not values):") in found
    assert ("boolean", "if (values):") in found
    assert ("constant", "def mean(values: list[float], cut: int = 4) -> float:") in found
    assert ("slice", "kept = values[1 + 1:cut]") in found
    assert ("slice", "kept = values[1:cut + 1]") in found
    assert ("comparison", last.replace("len(kept) >= 2", "(len(kept) > 2)")) in found
    assert ("boolean", last.replace("len(kept) >= 2 and cut", "(len(kept) >= 2 or cut)")) in found
    assert ("extreme", last.replace("max(len(kept), 1)", "(min(len(kept), 1))")) in found
    assert ("arithmetic", last.replace("sum(kept) / max(len(kept), 1)", "(sum(kept) * max(len(kept), 1))")) in found
    assert ("arithmetic", last.replace("-kept[0]", "(kept[0])")) in found


def test_texts_annotations_and_messages_are_left_alone():
    assert {one.line for one in mutants(SOURCE)} == {5, 7, 9, 10}
    assert not mutants('x: list[1] = []\nif TYPE_CHECKING:\n    y = 1\nz = "a" + b\nw = f"{v:.3f}"\n')


def test_every_mutant_of_the_house_is_a_program():
    source = Path(mutate.__file__).read_text(encoding="utf-8")
    found = mutants(source)
    assert len(found) >= 50
    for one in found:
        changed = one.apply(source)
        assert changed != source
        ast.parse(changed)


def test_a_sample_is_spread_over_functions_and_the_same_for_one_seed():
    source = "".join(f"def f{i}(x):\n    return x + 1 < 2 * x\n" for i in range(5))
    chosen = sample(source, 5, 0)
    assert sorted(one.function for one in chosen) == [f"f{i}" for i in range(5)]
    assert chosen == sample(source, 5, 0)
    assert chosen != sample(source, 5, 1)
    assert len(sample(source, 1000, 0)) == len(mutants(source))


def test_the_nearest_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Named for the module; else in the folder that mirrors its own; else anywhere; else the whole mirroring folder."""
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    texts = {
        "a/b/test_one.py": "from hpowh.a.b.one import f\n",
        "a/b/test_one_more.py": "    import hpowh.a.b.one as one\n",
        "a/b/test_other.py": "from hpowh.a.b import one, two\nfrom hpowh.a.b.one_long import g\n",
        "test_far.py": "from hpowh.a.b import three\nfrom hpowh.a.b.two import h\n",
    }
    for name, text in texts.items():
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def nearest(module: str) -> list[str]:
        return [p.relative_to(tmp_path / "tests").as_posix() for p in mutate.nearest_tests(tmp_path / "a/b" / module)]

    assert nearest("one.py") == ["a/b/test_one.py", "a/b/test_one_more.py"]
    assert nearest("two.py") == ["a/b/test_other.py"]
    assert nearest("three.py") == ["test_far.py"]
    assert nearest("four.py") == ["a/b/test_one.py", "a/b/test_one_more.py", "a/b/test_other.py"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A module with a good and a bad test, outside the house."""
    (tmp_path / "shop.py").write_text("def price(n):\n    return n * 3\n\n\ndef is_many(n):\n    return n > 10\n")
    lines = ["import sys", f"sys.path.insert(0, {str(tmp_path)!r})", "import shop", "", "def test_price():"]
    lines += ["    assert shop.price(2) == 6", "", "def test_many():", "    assert shop.is_many(100)", ""]
    (tmp_path / "test_shop.py").write_text("\n".join(lines))
    return tmp_path


RUN = """
import sys
from pathlib import Path
from benchmarks import mutate
mutate.ROOT = folder = Path(sys.argv[1])
module = folder / "shop.py"
chosen = [one for one in mutate.mutants(module.read_text()) if one.text in ("(n / 3)", "(n >= 10)", "11")]
known = {("return n > 10", "return (n >= 10)"): "at 10 either is fine"}
result = mutate.try_module(module, chosen, [folder / "test_shop.py"], known)
print(mutate.table([result]))
"""


def test_what_no_test_sees_survives_and_is_shown(small: Path):
    """n * 3 is held; n > 10 is asked at 100 only, so 11 survives, and >= is set aside by name."""
    command = [sys.executable, "-c", RUN, str(small)]
    done = subprocess.run(command, cwd=mutate.ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shop.py:6 is_many (constant)\n- return n > 10\n+ return n > 11" in done.stdout
    assert "| shop.py | 2 | 1 | 0 | 1 | 1 |" in done.stdout
    assert (small / "shop.py").read_text().endswith("return n > 10\n")


def test_survivors_of_an_earlier_run_are_read_from_its_output():
    output = "\na.py: test_a.py\na.py:3 f (constant)\n- x = 1\n+ x = 2\nb.py:1 (module) (slice)\n- y[1:]\n+ y[2:]\n"
    assert mutate.survivors_in(output, "a.py") == {("x = 1", "x = 2")}
    assert mutate.survivors_in(output, "b.py") == {("y[1:]", "y[2:]")}


def test_a_module_that_is_not_there_is_said():
    command = [sys.executable, "-m", "benchmarks", "mutate", "nowhere.py"]
    done = subprocess.run(command, cwd=mutate.ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "there is no file" in done.stderr


def test_what_is_set_aside_is_in_a_module_and_has_a_reason():
    rows = mutate.tomllib.loads(mutate.EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    assert len(rows) == len({(row["module"], row["line"], row["changed"]) for row in rows})
    for row in rows:
        assert (mutate.ROOT / row["module"]).is_file(), row
        assert len(row["reason"]) > 10


def test_what_is_set_aside_and_no_longer_there_is_said():
    known = {("x = 1", "x = 2"): "a reason", ("y = 1", "y = 2"): "another"}
    assert mutate.gone("x = 1\n", known) == ["y = 1"]
