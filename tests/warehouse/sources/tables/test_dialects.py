"""How text files are written elsewhere: encodings, comments, decimal commas, odd ends of lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, find_source, ingest

PLAIN = "algorithm,benchmark,seed,loss\nA,b\u00e9,0,1.5\nB,b\u00e9,0,2.5\n"
WANTED = [("A", "b\u00e9", 0, 1.5), ("B", "b\u00e9", 0, 2.5)]


def load(warehouse: Warehouse, path: Path, kind: str = "runs", **options: Any):
    return ingest(warehouse, find_source(kind), Request(str(path), path.stem, {}, options))


def stored(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.sql("select algorithm, benchmark, seed, value from mart.observation order by 1").rows()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("kind", ["runs", "trials"])
def test_a_byte_order_mark_says_the_encoding(warehouse, tmp_path, encoding, kind):
    path = tmp_path / "t.csv"
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    text = PLAIN if kind == "runs" else "lr,b\u00e9,loss\n1,2,1.5\n2,3,2.5\n"
    path.write_bytes((mark + text).encode(encoding))
    load(warehouse, path, kind)
    if kind == "runs":
        assert stored(warehouse) == WANTED
    else:
        assert warehouse.sql("select distinct name from core.trial_parameter order by 1").rows() == [
            ("b\u00e9",),
            ("lr",),
        ]


@pytest.mark.parametrize(
    "text",
    [
        "# made by a script; with signs, of all kinds\n" + PLAIN,
        "# one\n\n## two\n" + PLAIN,
        "sep=;\n" + PLAIN.replace(",", ";"),
        PLAIN.replace("\n", ",\n"),
        PLAIN.replace("\n", ",\n").replace("loss,", "loss"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "".join(f" {' , '.join(line.split(','))} \n" for line in PLAIN.splitlines()),
        PLAIN + "\n\n",
        PLAIN.replace("loss", '"lo\nss"').replace('"lo\nss"', "loss"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        "".join(f"{i if i else ''},{line}\n" for i, line in enumerate(PLAIN.splitlines())),
        "".join(f"{line}\n" if i == 0 else f"{i},{line}\n" for i, line in enumerate(PLAIN.splitlines())),
    ],
    ids=[
        "comment", "comments", "sep", "trailing comma", "trailing comma in rows", "crlf", "cr", "blanks", "empty lines",
        "plain", "tabs", "bars", "index", "row names",
    ],
)  # fmt: skip
def test_dialects_say_the_same(warehouse, tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    load(warehouse, path)
    assert stored(warehouse) == WANTED


def test_a_header_that_begins_with_a_hash_is_no_comment(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("# evals,algorithm,benchmark,loss\n1,A,b,2.5\n2,A,b,1.5\n")
    load(warehouse, path)
    assert warehouse.sql("select budget, value from mart.observation order by 1").rows() == [(1, 2.5), (2, 1.5)]


def test_quoted_line_breaks_stay_in_headers_and_cells(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"learning\nrate","kind","loss"\n1,"a\nb",2\n2,"c",3\n')
    load(warehouse, path, "trials")
    assert warehouse.sql("select name, text_value from core.trial_parameter order by 1, 2").rows() == [
        ("kind", "a\nb"), ("kind", "c"), ("learning\nrate", "1"), ("learning\nrate", "2"),
    ]  # fmt: skip


GERMAN = "algorithm;benchmark;seed;loss\nA;x;0;1,5\nA;y;0;1.234,25\nB;x;0;-0,5e-3\nB;y;0;7\n"


@pytest.mark.parametrize("kind", ["runs", "trials", "grid"])
def test_decimal_commas_are_offered_and_read(warehouse, tmp_path, kind):
    path = tmp_path / "t.csv"
    path.write_text(GERMAN if kind == "runs" else GERMAN.replace("algorithm;benchmark;seed", "lr;act;w"))
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, path, kind)
    assert "--option decimal=," in str(refused.value)
    outcome = load(warehouse, path, kind, decimal=",", thousands=".")
    table = {"runs": "trace", "trials": "trial_metric", "grid": "evaluation"}[kind]
    assert sorted(warehouse.sql(f"select value from core.{table}").rows()) == [(-0.0005,), (1.5,), (7.0,), (1234.25,)]
    assert any("decimal sign" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("cell", "said"),
    [("1,5", "a decimal comma"), ("1,234.5", "--option thousands=,"), ("12 %", "a percent sign in some rows only"),
     ("1.234,5", "--option decimal=, --option thousands=."), ("1 234", "--option thousands=' '")],
)  # fmt: skip
def test_what_a_number_looks_like_is_said(warehouse, tmp_path, cell, said):
    path = tmp_path / "t.csv"
    path.write_text(f'algorithm,benchmark,loss\nA,b,2.5\nB,b,"{cell}"\n')
    with pytest.raises(RowsRefusedError) as refused:
        load(warehouse, path)
    assert said in str(refused.value)


def test_signs_that_cannot_be_meant_are_refused(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(PLAIN)
    for options in ({"decimal": ";"}, {"decimal": ",", "thousands": ","}, {"thousands": "x"}):
        with pytest.raises(UsageError, match="not understood"):
            load(warehouse, path, **options)


def test_percent_signs_in_every_row_are_read_in_percent(warehouse, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("algorithm,benchmark,accuracy\nA,b,93 %\nB,b,9.5%\nC,b,\n")
    outcome = load(warehouse, path)
    rows = warehouse.sql("select value, status from core.trace order by value").rows()
    assert rows == [(9.5, "ok"), (93.0, "ok"), (None, "missing")]
    assert warehouse.sql("select unit from core.metric").rows() == [("percent",)]
    assert any("percent signs" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("ending", "why"), [(".xlsx", "zip"), (".xls", "Save it as .xlsx"), (".ods", "Save its sheet")]
)
def test_a_spreadsheet_is_told_how_to_become_a_table(warehouse, tmp_path, ending, why):
    path = tmp_path / f"t{ending}"
    path.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(IngestError, match=why):
        load(warehouse, path)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"algo\0rithm,benchmark,loss\nA,b,1\n", "nul.csv"),
        (PLAIN.encode("utf-16-le"), "utf16-without-mark.csv"),
        (b"PAR1\x00\x01broken" * 30, "damaged.parquet"),
        (b"\x1f\x8b\x08\x00broken", "damaged.csv.gz"),
        (b"{not json\n", "damaged.jsonl"),
        (b'a,b\n"never closed,1\n', "quote.csv"),
        (b"algorithm,benchmark,loss\nA,b\n", "short.csv"),
        ("algorithm,benchmark,loss\nA,b\u00e9,1\n".encode("latin-1"), "latin.csv"),
        (b"[[1,2],[3,4]]", "lists.json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("kind", ["runs", "grid", "trials", "features"])
def test_a_damaged_file_is_named_and_no_sql_is_shown(warehouse, tmp_path, content, name, kind):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HpowhError) as refused:
        load(warehouse, path, kind)
    said = str(refused.value)
    assert name in said
    for sign in ("select ", "read_csv", "hpowh_", " c0", "LINE 1", "\0", "Traceback"):
        assert sign not in said, said


def test_json_that_is_nested_too_deeply_refuses_its_row(warehouse, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"lr": 1, "loss": 1}\n{"lr": ' + "[" * 100_000 + "]" * 100_000 + ', "loss": 2}\n')
    with pytest.raises(RowsRefusedError, match="row 2.*nested too deeply"):
        load(warehouse, path, "trials")
