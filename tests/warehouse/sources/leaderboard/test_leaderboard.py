"""Wide tables: which way they stand, what their cells hold, what is left out, refused and asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Request, find_source, ingest, preview
from hpowh.warehouse.ingest.protocol import RowsRefusedError
from hpowh.warehouse.ingest.questions import QuestionsError
from hpowh.warehouse.ingest.recognise import recognise

BOARD = """Model,Organization,Average,MMLU,GSM8K,ARC
a,x,70,60.1 ± 0.3,80.2%,70
b,y,71,61.2,**79**,71
c,z,60,N/A,61,6.2e1
"""
TASKS = """dataset,C4.5,kNN,NB
d1,0.9,0.8,0.7
d2,0.8,0.85,0.6
d3,0.7,0.6,0.65
"""
CELLS = """select a.name, b.name, r.seed, t.value, t.status from core.trace t join core.run r using (run_id)
  join core.algorithm a using (algorithm_id) join core.benchmark b using (benchmark_id) order by all"""


@pytest.fixture
def load(warehouse, tmp_path):
    """Load a text as a leaderboard; return the cells and the notes."""

    def loaded(text: str, mapping: dict | None = None, **options: str):
        path = tmp_path / "board.csv"
        path.write_text(text, encoding="utf-8")
        request = Request(str(path), "board", mapping or {}, {"direction": "max", **options}, None)
        outcome = ingest(warehouse, find_source("leaderboard"), request)
        return warehouse.sql(CELLS).rows(), outcome.notes

    return loaded


def test_methods_by_tasks(load, warehouse):
    cells, notes = load(BOARD, metric="accuracy")
    assert cells == [
        ("a", "ARC", None, 70.0, "ok"),
        ("a", "GSM8K", None, 80.2, "ok"),
        ("a", "MMLU", None, 60.1, "ok"),
        ("b", "ARC", None, 71.0, "ok"),
        ("b", "GSM8K", None, 79.0, "ok"),
        ("b", "MMLU", None, 61.2, "ok"),
        ("c", "ARC", None, 62.0, "ok"),
        ("c", "GSM8K", None, 61.0, "ok"),
        ("c", "MMLU", None, None, "missing"),
    ]
    assert warehouse.sql("select name, direction from core.metric").rows() == [("accuracy", "max")]
    assert any("Organization, Average" in note for note in notes)
    assert any("1 of 9 cells" in note for note in notes)
    assert "Read without what stands behind the number: 1 cell, such as '60.1 \u00b1 0.3'." in notes


def test_tasks_by_methods_answer_the_question_by_the_right_model(load, warehouse):
    """One value for each method and task: the model without benchmark:algorithm, by itself."""
    cells, _ = load(TASKS)
    assert ("C4.5", "d1", None, 0.9, "ok") in cells and len(cells) == 9
    outcome = analyse_lmem(
        warehouse, "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", with_residuals=False
    )
    assert any("one value for each level of benchmark:algorithm" in said for said in outcome.warnings)
    assert outcome.tables["lmem_contrast"]["df"].to_list() == pytest.approx([4.0] * 3)


def test_the_mapping_turns_a_table_round(load):
    assert ("d1", "C4.5", None, 0.9, "ok") in load(TASKS, {"dataset": "algorithm"})[0]


def test_rows_without_a_name_are_numbered_benchmarks(load):
    cells, notes = load("RF,SVM,NB\n0.9,0.8,0.7\n0.8,0.85,0.6\n")
    assert ("RF", "row 2", None, 0.8, "ok") in cells
    assert any("numbered: no column names them" in note for note in notes)


def test_what_rows_are_is_asked_where_nothing_says_it(load):
    text = '"","C4.5","NB"\n"abalone",0.2,0.3\n"adult",0.8,0.7\n'
    with pytest.raises(QuestionsError, match="algorithm or a benchmark"):
        load(text)
    assert ("C4.5", "abalone", None, 0.2, "ok") in load(text, {"Unnamed: 0": "benchmark"})[0]


def test_repeated_rows_need_a_seed(load):
    text = "task,fold,A,B\nt,0,1,2\nt,1,3,4\nu,0,5,6\n"
    with pytest.raises(RowsRefusedError, match="occurs twice"):
        load(text, {"fold": "ignore"})
    assert ("A", "t", 1, 3.0, "ok") in load(text, {"fold": "seed"})[0]


def test_a_cell_that_is_no_number_is_refused_with_its_place(load):
    with pytest.raises(RowsRefusedError, match="row 2, column 'kNN', value 'soon'"):
        load(TASKS.replace("0.85", "soon"))
    with pytest.raises(IngestError, match="fewer than two columns"):
        load("model,score\na,1\nb,2\n")


def kinds(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return [one.kind for one in recognise(path)]


def test_a_wide_table_is_recognised_by_what_it_holds(tmp_path):
    assert kinds(tmp_path, BOARD) == ["leaderboard"]
    assert kinds(tmp_path, TASKS) == ["leaderboard", "features"]
    features = "dataset,n_samples,n_features,n_classes\nd1,1000,8,2\nd2,200,85,6\nd3,7000,6,3\n"
    assert kinds(tmp_path, features) == ["features"]
    grid = "model,depth,lr,width,accuracy\na,1,0.1,8,0.5\nb,2,0.2,8,0.6\nc,3,0.3,9,0.7\nd,4,0.1,9,0.8\n"
    assert kinds(tmp_path, grid)[0] != "features" and "grid" in kinds(tmp_path, grid)
    metrics = "Model,Accuracy,AUC,Recall,Prec.,F1,TT (Sec)\n" + "".join(
        f"m{i},0.{i},0.8,0.7,0.6,0.5,{i}.5\n" for i in range(5)
    )
    assert kinds(tmp_path, metrics) == ["runs", "leaderboard", "grid"]
    path = tmp_path / "table.csv"
    path.write_text(metrics)
    said = " ".join(preview(find_source("leaderboard"), Request(str(path), "x", {}, {"direction": "max"})).notes)
    assert "Accuracy, AUC, F1: named like metrics" in said
    runs = "algorithm,benchmark,seed,value\nA,b,1,0.5\nB,b,1,0.4\nC,b,1,0.3\n"
    assert kinds(tmp_path, runs) == ["runs"]


def test_rows_that_sum_up_the_tasks_are_no_tasks(load, warehouse):
    cells, notes = load(TASKS + "Mean,0.8,0.75,0.65\nAvg. rank,1.3,2,best\n# wins,2,1,0\nmean-shift,1,2,3\n")
    assert {cell[1] for cell in cells} == {"d1", "d2", "d3", "mean-shift"}
    assert any("named like summaries of the others: # wins, Avg. rank, Mean (" in note for note in notes)


def test_rows_that_sum_up_the_tasks_are_kept_where_that_is_said(load):
    cells, _ = load(TASKS + "Mean,0.8,0.75,0.65\n", summaries="keep")
    assert ("C4.5", "Mean", None, 0.8, "ok") in cells
