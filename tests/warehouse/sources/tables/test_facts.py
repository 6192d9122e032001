"""Dates, identifiers, hashes, paths and messages are no settings; names that differ in what nobody sees are said."""

from __future__ import annotations

import random
from hashlib import sha1

import pytest

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Preview, Request, RowsRefusedError, find_source, preview
from hpowh.warehouse.ingest.questions import QuestionsError
from hpowh.warehouse.ingest.recognise import advice, recognise
from hpowh.warehouse.sources.tables.alike import difference
from hpowh.warehouse.sources.tables.facts import fact

N = 14
FACTS = {
    "git_commit": ["a3f9c1d", "b771e02"] * 7,
    "key": [f"{sha1(str(i).encode(), usedforsecurity=False).hexdigest()}" for i in range(N)],
    "uuid4": [f"{i:08x}-1234-4321-9abc-0123456789ab" for i in range(N)],
    "day": [f"2026-01-0{1 + i % 3}" for i in range(N)],
    "begin": [f"2026-01-{i + 1:02d}T10:00:00Z" for i in range(N)],
    "Zeitpunkt": [f"{i + 1:02d}.01.2026 10:00" for i in range(N)],
    "logged": [1_767_225_600 + 61 * i for i in range(N)],
    "in_ms": [1_767_225_600_000 + 61_234 * i for i in range(N)],
    "date": [20_260_101 + i % 4 for i in range(N)],
    "checkpoint": [f"/scratch/run{i}/model.pt" for i in range(N)],
    "file": [f"C:\\runs\\{i}\\m.h5" for i in range(N)],
    "link": [f"https://example.org/{i}" for i in range(N)],
    "label": [f"exp {chr(97 + i)}" for i in range(N)],
    "slurm_job_id": [884_100 + 7 * i for i in range(N)],
    "host": ["node1"] * N,
    "error_message": ["", "out of memory"] * 7,
    "worker id": [i * i + 3 for i in range(N)],
}
SETTINGS = {
    "lr": [0.1 * (i + 1) for i in range(N)],
    "seq_len": [2**i for i in range(N)],
    "pretrained": ["/models/a.pt", "/models/b.pt"] * 7,
    "layers": [f"[{i}, {i + 1}]" for i in range(N)],
    "model": ["facebook/opt", "bert-base"] * 7,
    "n_id": [1, 2] * 7,
    "warm": ["True", "False"] * 7,
    "data_seed": [1_767_225_600 + i % 3 for i in range(N)],
    "depth": ["3", "auto"] * 7,
}


@pytest.mark.parametrize("column", [*FACTS, *SETTINGS])
def test_a_fact_of_a_row_is_told_from_a_setting(column):
    assert (fact(column, (FACTS | SETTINGS)[column]) is not None) == (column in FACTS)


def seen(path, kind: str | None = None, **given) -> Preview:
    (found, *_) = [kind] if kind else [one.kind for one in recognise(path)]
    return preview(find_source(found), Request(str(path), "x", given.get("mapping", {}), given.get("options", {})))


def roles(shown: Preview) -> dict[str, str]:
    return {column: role.partition(":")[0] for column, role, _ in shown.mapping}


def written(path, columns: dict) -> None:
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(",".join(map(str, row)) for row in [tuple(columns), *rows]) + "\n", encoding="utf-8")


def test_facts_are_no_hyperparameters_of_trials_and_that_is_said(tmp_path):
    drawn = random.Random(1)
    path = tmp_path / "t.csv"
    own = {"lr": [drawn.random() for _ in range(N)], "depth": [i % 4 for i in range(N)]}
    left = {"git_commit", "uuid4", "begin", "logged", "checkpoint", "host", "error_message"}
    written(path, own | {name: FACTS[name] for name in left} | {"val_loss": [drawn.random() for _ in range(N)]})
    shown = seen(path)
    found = roles(shown)
    assert {name for name, role in found.items() if role == "hyperparameter"} == {"lr", "depth"}
    assert {name for name, role in found.items() if role == "attribute"} == left
    (said,) = [note for note in shown.notes if note.startswith("No settings but facts of a row")]
    assert all(name in said for name in left)
    assert roles(seen(path, mapping={"git_commit": "hyperparameter"}))["git_commit"] == "hyperparameter"


@pytest.mark.parametrize("fact_column", ["day", "checkpoint", "begin", "git_commit"])
def test_facts_do_not_hide_a_grid(tmp_path, fact_column):
    path = tmp_path / "g.csv"
    cells = [(lr, depth) for lr in (0.1, 0.2, 0.3) for depth in (1, 2, 3, 4)]
    columns = {"lr": [a for a, _ in cells], "depth": [b for _, b in cells], fact_column: FACTS[fact_column][:12]}
    written(path, columns | {"acc": [i / 20 for i in range(12)]})
    assert [one.kind for one in recognise(path)] == ["grid"]
    shown = seen(path)
    assert roles(shown)[fact_column] == "ignore"
    assert "left out: " + fact_column in "\n".join(shown.notes)


def test_facts_split_no_runs_unless_only_they_tell_them_apart(tmp_path):
    path = tmp_path / "r.csv"
    keys = [(a, b, s, t) for a in ("RS", "TPE") for b in ("x", "y") for s in (0, 1) for t in (1, 2)]
    columns = {name: [key[at] for key in keys] for at, name in enumerate(("algorithm", "benchmark", "seed", "budget"))}
    columns |= {"run_id": [i // 2 for i in range(16)], "commit": ["a" if key[0] == "RS" else "b" for key in keys]}
    columns |= {"log": [f"logs/{i // 2}.txt" for i in range(16)], "loss": [i / 3 for i in range(16)]}
    written(path, columns)
    shown = roles(seen(path))
    assert [shown[name] for name in ("run_id", "commit", "log")] == ["ignore"] * 3
    columns.pop("seed")
    columns.pop("log")
    written(path, columns)
    shown = roles(seen(path))
    assert (shown["run_id"], shown["commit"]) == ("factor", "ignore")


def table(path, algorithms: list[str], extra: str = "") -> None:
    rows = [f"{algorithms[i % 2]},b{i},0,{extra}{i / 3}" for i in range(6)]
    head = "algorithm,benchmark,seed," + ("prior," if extra else "") + "loss"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("pair", "how", "end"),
    [
        (["RS", "RS "], "blanks at their ends", "they are one"),
        (["a b", "a  b"], "blanks", "they stay apart"),
        (["CMA ES", "CMA\u00a0ES"], "characters that are hard to see (U+00A0)", "they stay apart"),
        (["TPE", "TPE\u200b"], "characters that are hard to see (U+200B)", "they stay apart"),
        (["TPE", "\ufeffTPE"], "characters that are hard to see (U+FEFF)", "they stay apart"),
        (["CMA-ES", "CMA\u2011ES"], "characters that are hard to see (U+2011)", "they stay apart"),
        (["TPE", "tpe"], "case or in their Unicode form", "they stay apart"),
        (["caf\u00e9", "cafe\u0301"], "case or in their Unicode form", "they stay apart"),
    ],
)
def test_names_that_look_alike_are_said_with_how_they_differ(tmp_path, pair, how, end):
    path = tmp_path / "r.csv"
    table(path, pair)
    (said,) = [note for note in seen(path).notes if note.startswith("algorithm: ")]
    assert f"differ in {how} only; {end}." in said
    assert difference(*pair) == how
    assert difference("RS", "TPE") == ""


def test_levels_that_differ_in_blanks_are_said_where_they_stay_apart(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text("act,depth,loss\n" + "\n".join(f"{a},{d},{d}" for a in ("relu", "relu ", "tanh") for d in (1, 2)))
    for kind in ("grid", "trials"):
        assert "act: 'relu' and 'relu ' differ in blanks at their ends only; they stay apart." in seen(path, kind).notes


def test_three_spellings_of_truth_are_no_names_that_look_alike(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("warm,lr,loss\n" + "\n".join(f"{w},0.{i},{i}" for i, w in enumerate(("True", "true", "TRUE") * 4)))
    assert not [note for note in seen(path, "trials").notes if note.startswith("warm")]


def test_rows_that_blanks_made_one_are_refused_with_that_reason(warehouse, tmp_path):
    path = tmp_path / "r.csv"
    rows = [f"RS,b,{s},{t},{p},{t}" for s in (0, 1) for t in (1, 2) for p in ("good", "good ")]
    path.write_text("algorithm,benchmark,seed,budget,prior,loss\n" + "\n".join(rows))
    with pytest.raises(RowsRefusedError) as refused, warehouse.writing() as connection:
        from hpowh.warehouse.ingest import LoadContext

        find_source("runs").load(connection, Request(str(path), "x", {}, {}), LoadContext(1, lambda _m, _s: None))
    assert "'prior' differs from it in blanks at the ends only" in str(refused.value)


def test_headings_that_look_alike_are_said_or_refused(tmp_path):
    path = tmp_path / "t.csv"
    rows = "\n".join(f"0.{i},{i % 3},{i},{i}" for i in range(12))
    path.write_text(f"a b,a  b,\ufefflr,loss\n{rows}", encoding="utf-8")
    shown = seen(path, "trials")
    assert "Headings: 'a  b' and 'a b' differ in blanks only. They are two columns." in shown.notes
    assert "lr" in roles(shown)
    path.write_text(f"lr, lr ,depth,loss\n{rows}")
    with pytest.raises(IngestError, match=r"names lr twice \('lr', ' lr ' differ in what nobody sees\)"):
        seen(path, "trials")


def test_a_setting_that_never_varies_is_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("lr,optimizer,loss\n" + "\n".join(f"0.{i},adam,{i}" for i in range(12)))
    assert "The same in every row, so that it explains nothing: optimizer." in seen(path, "trials").notes


@pytest.mark.parametrize("cell", ['"{""lr"": 0.%d, ""depth"": 3}"', "\"{'lr': 0.%d, 'depth': None}\""])
def test_hyperparameters_in_one_column_of_dictionaries_are_unpacked(tmp_path, cell):
    path = tmp_path / "t.csv"
    path.write_text("no,params,loss\n" + "\n".join(f"{i},{cell % i},{i / 7}" for i in range(12)))
    assert [one.kind for one in recognise(path)] == ["trials"]
    found = roles(seen(path))
    assert (found["params.lr"], found["params.depth"]) == ("hyperparameter", "hyperparameter")


def test_what_is_no_table_of_rows_is_refused_with_the_way_to_write_it(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("algorithm,benchmark,seed0,seed1\n" + "".join(f"{a},{b},1,2\n" for a in "AB" for b in "xy"))
    with pytest.raises(IngestError, match=r"frame.melt\(\['algorithm', 'benchmark'\], var_name='seed'"):
        seen(path)
    path.write_text("My results,,\n,,\nalgorithm,benchmark,loss\nA,b,1\n")
    with pytest.raises(IngestError, match=r"a title \('My results'\); line 3 looks like the header"):
        seen(path, "runs")
    nested = tmp_path / "n.json"
    nested.write_text('{"name": "x", "trials": [{"lr": 1, "loss": 2}, {"lr": 2, "loss": 3}]}')
    with pytest.raises(IngestError, match="holds its rows under 'trials'"):
        recognise(nested)


def test_one_question_names_each_column_once_and_says_decimal_commas(tmp_path):
    path = tmp_path / "de.csv"
    path.write_text(
        "Verfahren;Datensatz;Wert\n" + "".join(f"{a};{b};0,5{i}\n" for a in "AB" for b in "xy" for i in (1, 2))
    )
    with pytest.raises(QuestionsError) as asked:
        seen(path, "runs")
    assert asked.value.hint == ("Say so, such as: --map Verfahren=algorithm --map Datensatz=benchmark --map Wert=value")
    assert "Wert may be numbers with a decimal comma: --option decimal=," in str(asked.value)


def test_what_is_known_of_nothing_gets_a_next_step(tmp_path):
    (tmp_path / "a.csv").write_text("x\n")
    assert "It holds tables (a.csv)" in advice(tmp_path)
    (tmp_path / "t.zip").write_bytes(b"PK\x03\x04")
    assert "unpack it" in advice(tmp_path / "t.zip")
    (tmp_path / "table").write_text("a,b,c\n1,2,3\n")
    assert "call it table.csv" in advice(tmp_path / "table")
    (tmp_path / "x.bin").write_bytes(bytes(range(128, 200)))
    assert advice(tmp_path / "x.bin") == ""
