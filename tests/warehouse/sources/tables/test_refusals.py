"""Every refusal says which file, where in it, which value, and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.ingest import Request, find_source, ingest

RUNS = "algorithm,benchmark,seed,budget,loss\n"
REFUSED = {
    "a word for a number": ("runs", RUNS + "A,b,0,1,half\n", {}, {}, ("row 1", "'loss'", "'half'")),
    "no budget": ("runs", RUNS + "A,b,0,,1\n", {}, {}, ("row 1", "'budget'")),
    "a negative budget": ("runs", RUNS + "A,b,0,-1,1\n", {}, {}, ("row 1", "'budget'", "'-1'")),
    "half a seed": ("runs", RUNS + "A,b,0.5,1,1\n", {}, {}, ("row 1", "'seed'", "'0.5'")),
    "a long seed": ("runs", RUNS + "A,b,99999999999999999999,1,1\n", {}, {}, ("row 1", "'seed'", "'9999")),
    "the same point twice": ("runs", RUNS + "A,b,0,1,1\nA,b,0,1,2\n", {}, {}, ("row 2", "'budget'", "'1'")),
    "too few fields": ("runs", RUNS + "A,b\n", {}, {}, ("row 1", "'A,b'")),
    "no algorithm": ("runs", "who,benchmark,loss\nA,b,1\n", {}, {}, ("which column is the algorithm", "who")),
    "no such column": ("runs", RUNS + "A,b,0,1,1\n", {"nope": "factor"}, {}, ("'nope'", "algorithm, benchmark")),
    "no such role": ("runs", RUNS + "A,b,0,1,1\n", {"seed": "nope"}, {}, ("seed=nope", "'nope'")),
    "a word in a grid": ("grid", "lr,depth,loss\n1,2,x\n1,3,1\n", {}, {}, ("row 1", "'loss'", "'x'")),
    "a missing level": ("grid", "lr,depth,loss\n1,2,1\n,3,1\n", {}, {}, ("row 2", "'lr'", "missing")),
    "a configuration twice": ("grid", "lr,depth,loss\n1,2,1\n1,2,3\n", {}, {}, ("row 2", "'lr'")),
    "an odd split": ("grid", "lr,split,loss\n1,best,1\n", {}, {}, ("row 1", "'split'", "'best'")),
    "no metric": ("grid", "lr,depth\n1,2\n2,3\n", {}, {}, ("which one is", "lr, depth")),
    "an unknown state": ("trials", "lr,state,loss\n1,lost,1\n", {}, {}, ("row 1", "'state'", "'lost'")),
    "no time": ("trials", "lr,start_time,loss\n1,noon,1\n", {}, {}, ("row 1", "'start_time'", "'noon'")),
    "two metrics": ("trials", "lr,loss,accuracy\n1,2,3\n", {}, {}, ("which column is the metric", "'loss'")),
    "a benchmark twice": ("features", "benchmark,n\na,1\na,2\n", {}, {}, ("row 2", "'benchmark'", "'a'")),
    "a decimal comma": ("runs", 'algorithm,benchmark,loss\nA,b,"1,5"\n', {}, {}, ("row 1", "'1,5'", "decimal=,")),
    "a mean and its spread": (
        "runs",
        RUNS + "A,b,0,1,5 \u00b1 1\n",
        {},
        {},
        ("row 1", "'5 \u00b1 1'", "the mean alone"),
    ),
    "a length of time": (
        "runs",
        RUNS + "A,b,0,10:00,1\n",
        {},
        {},
        ("row 1", "'budget'", "'10:00'", "in seconds"),
    ),
    "a heading twice": ("grid", "lr,loss,loss\n1,2,3\n", {}, {}, ("names loss twice", "Rename")),
    "a row a step": (
        *("trials", "trial_id,epoch,lr,loss\na,1,1,1\na,2,1,1\nb,1,2,1\nb,2,2,1\n", {}, {}),
        ("'trial_id' names 2 trials in 4 rows", "'epoch'", "--map trial_id=attribute"),
    ),
    "no such zone": ("trials", "lr,loss\n1,2\n", {}, {"time_zone": "Mars/Base"}, ("'Mars/Base'", "UTC")),
    "no such unit": ("runs", RUNS + "A,b,0,1,1\n", {}, {"unit": "parsec"}, ("'parsec'", "percent")),
    "no such option": ("grid", "lr,loss\n1,2\n2,3\n", {}, {"tool": "x"}, ("'tool'", "space")),
}
"""What is wrong -> kind, text of the file, mapping, options, and what the message must say."""
OF_THE_CALL = ("no such role", "no such zone", "no such unit", "no such option")
"""Refusals of what was typed, whatever the file."""


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_says_file_place_value_and_next_step(warehouse, tmp_path, what):
    kind, text, mapping, options, said = REFUSED[what]
    path: Path = tmp_path / "my file.csv"
    path.write_text(text)
    with pytest.raises(HpowhError) as refused:
        ingest(warehouse, find_source(kind), Request(str(path), "x", mapping, options))
    message = str(refused.value)
    assert what in OF_THE_CALL or "my file.csv" in message
    assert [part for part in said if part not in message] == []
    assert refused.value.hint
    for sign in ("hpowh_", "select ", "try_cast", " c0", "LINE 1"):
        assert sign not in message
    assert warehouse.sql("select count(*) from core.source").one() == 0
