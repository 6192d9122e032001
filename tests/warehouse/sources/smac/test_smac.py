"""The source `smac`, on output folders that SMAC 2.4 wrote, and on the older form built from them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, preview
from hpowh.warehouse.ingest.protocol import RowsRefusedError
from hpowh.warehouse.sources.sweeps.configspace import read_space

from ..stored import counts, load, trials

HERE = Path(__file__).parent
WORDS = {1: "ok", 2: "failed", 3: "timeout", 4: "memory"}


@pytest.fixture(scope="module")
def made(peer, tmp_path_factory) -> Path:
    """Folders that SMAC wrote: `one<1>` (crashes), `two` (objectives, instances), `whole`, `parts` (budgets)."""
    folder = tmp_path_factory.mktemp("smac")
    peer("tuners").run(HERE / "make_smac.py", folder / "out", cwd=folder, timeout=240)
    return folder / "out"


def history(folder: Path) -> dict:
    return json.loads(next(folder.rglob("runhistory.json")).read_text())


def test_crashed_runs_have_a_status_and_no_cost(made, warehouse):
    outcome = load(warehouse, "smac", made / "one<1>")
    written = history(made / "one<1>")
    stored = trials(warehouse)
    assert outcome.row_count == len(stored) == len(written["data"])
    crashed = 0
    for trial, entry in zip(stored, written["data"], strict=True):
        assert trial["parameters"] == {
            name: (str(value).lower() if isinstance(value, bool) else value)
            for name, value in written["configs"][str(entry["config_id"])].items()
        }
        assert trial["attributes"]["seed"] == entry["seed"]
        assert trial["duration"] == pytest.approx(entry["time"])
        if entry["status"] == 1:
            assert trial["status"] == "finished"
            assert trial["values"] == {("cost", None): entry["cost"]}
            assert trial["attributes"]["additional_info.note"] == ["x", 1]
        else:
            crashed += 1
            assert trial["status"] == "failed"
            assert trial["values"] == {("cost", None): WORDS[entry["status"]]}
            assert trial["attributes"]["cost_stored"] == entry["cost"] == 1e6
            assert "bad <b>" in trial["attributes"].get("additional_info.error", "bad <b>")
    assert crashed > 0
    assert any("Runs without a value" in note for note in outcome.notes)


def test_the_space_is_declared_with_scales_conditions_and_what_is_forbidden(made, warehouse):
    load(warehouse, "smac", made / "one<1>")
    declared = warehouse.sql("select name, value_type, scale, lower, upper, choices from core.sweep_parameter").rows()
    assert {row[0]: row[1:] for row in declared}["a.b <b>units</b>"] == ("int", "log", 4.0, 512.0, None)
    assert {row[0]: row[1:] for row in declared}["mixed"] == ("mixed", "linear", None, None, '[1, "two", 3.5]')
    assert len(declared) == 11
    rules = warehouse.sql("select kind, hyperparameter, rule from core.sweep_constraint order by position").rows()
    assert rules == [
        ("condition", "a.b <b>units</b>", 'a.b <b>units</b> only when (layers > 2 and act in ["relu", "tanh"])'),
        ("condition", "momentum", 'momentum only when act = "relu"'),
        ("condition", "warm", 'warm only when size > "s"'),
        ("forbidden", None, 'never (flag = true and size = "l")'),
        ("forbidden", None, "never layers = 7"),
    ]
    for trial in trials(warehouse):
        assert ("momentum" in trial["parameters"]) == (trial["parameters"]["act"] == "relu")
        assert ("warm" in trial["parameters"]) == (trial["parameters"]["size"] != "s")


def test_bare_values_get_the_names_that_configspace_gives_them(made):
    says = json.loads((made / "configspace_says.json").read_text())
    space = read_space(json.loads(next(made.rglob("configspace.json")).read_text()), "x")
    assert space.order() == says["order"]
    for configuration in says["configurations"]:
        assert space.named([value for _, value in configuration]) == dict(configuration)


def test_objectives_instances_and_seeds(made, warehouse):
    load(warehouse, "smac", made / "two", options={"constants": {"benchmark": "toy"}})
    written = history(made / "two")["data"]
    assert warehouse.sql("select name, direction from core.metric order by metric_id").rows() == [
        ("loss", "min"),
        ("size", "min"),
    ]
    stored = trials(warehouse)
    assert len(stored) == len({(e["config_id"], e["instance"], e["seed"]) for e in written})
    by_key = {(t["attributes"]["config_id"], t["attributes"]["instance"], t["attributes"]["seed"]): t for t in stored}
    for entry in written:
        trial = by_key[str(entry["config_id"]), entry["instance"], entry["seed"]]
        assert trial["values"] == {("loss", None): entry["cost"][0], ("size", None): entry["cost"][1]}
    assert warehouse.sql("select algorithm, benchmark, seed from mart.run").rows() == [("RandomFacade", "toy", 3)]
    assert warehouse.sql("select count(*) from core.trace").one() == 2 * len(stored)


@pytest.mark.parametrize(("name", "steps", "most"), [("whole", {1: 1, 3: 3, 9: 9}, 9), ("parts", {7 / 3: 1, 7: 2}, 7)])
def test_budgets_are_steps_and_small_ones_are_pruned(made, warehouse, name, steps, most):
    outcome = load(warehouse, "smac", made / name)
    written = history(made / name)["data"]
    expected: dict = {}
    for entry in written:
        values = expected.setdefault(str(entry["config_id"]), {})
        values["cost", next(s for b, s in steps.items() if b == pytest.approx(entry["budget"]))] = entry["cost"]
        if entry["budget"] == most:
            values["cost", None] = entry["cost"]
    stored = trials(warehouse)
    assert {t["attributes"]["config_id"]: t["values"] for t in stored} == expected
    for trial in stored:
        assert trial["status"] == ("finished" if ("cost", None) in trial["values"] else "pruned")
    assert {t["status"] for t in stored} == {"finished", "pruned"}
    if name == "parts":
        assert any("steps are places of budgets: 1: 2.33333, 2: 7" in note for note in outcome.notes)


def test_a_folder_of_folders_is_many_sweeps_and_nothing_is_doubled(made, warehouse, tmp_path):
    shutil.copytree(made, tmp_path / "out")
    assert load(warehouse, "smac", tmp_path / "out").action == "load"
    assert {row[0] for row in warehouse.sql("select name from core.sweep").rows()} == {
        "one<1>/3", "two/3", "whole/3", "parts/3",
    }  # fmt: skip
    before = counts(warehouse)
    assert load(warehouse, "smac", tmp_path / "out").action == "unchanged"
    file = next((tmp_path / "out" / "one<1>").rglob("runhistory.json"))
    content = json.loads(file.read_text())
    new = content["data"][-1] | {"config_id": 999, "cost": 0.25, "status": 1}
    content["data"][0] |= {"cost": 0.5, "status": 1}
    content["configs"]["999"] = content["configs"][str(content["data"][-1]["config_id"])]
    content["data"].append(new)
    file.write_text(json.dumps(content))
    assert load(warehouse, "smac", tmp_path / "out").action == "update"
    after = counts(warehouse)
    assert (after["sweep"], after["trial"]) == (before["sweep"], before["trial"] + 1)
    stored = trials(warehouse, "one<1>/3")
    assert stored[0]["values"] == {("cost", None): 0.5}
    assert stored[-1]["values"] == {("cost", None): 0.25}


def test_the_lists_that_smac_wrote_before_2_3_say_the_same(made, warehouse, tmp_path):
    """SMAC 2.0 to 2.2 cannot be installed here (pyrfr needs swig); their writer's list is made from the same runs."""
    shutil.copytree(made / "one<1>", tmp_path / "old")
    file = next((tmp_path / "old").rglob("runhistory.json"))
    content = json.loads(file.read_text())
    keys = (
        "config_id",
        "instance",
        "seed",
        "budget",
        "cost",
        "time",
        "status",
        "starttime",
        "endtime",
        "additional_info",
    )
    content["data"] = [[entry[key] for key in keys] for entry in content["data"]]
    file.write_text(json.dumps(content))
    load(warehouse, "smac", made / "one<1>", "new")
    load(warehouse, "smac", tmp_path / "old", "old")
    new, old = trials(warehouse, "new"), trials(warehouse, "old")
    for trial in new:
        del trial["attributes"]["cpu_time"]
    assert new == old


def write(folder: Path, data: list, configs: dict | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runhistory.json").write_text(json.dumps({"data": data, "configs": configs or {"1": {"x": 1}}}))
    return folder


def entry(**more) -> dict:
    return {"config_id": 1, "instance": None, "seed": 0, "budget": None, "cost": 1.0, "status": 1} | more


def test_every_status_code(warehouse, tmp_path):
    data = [entry(seed=code, status=code, cost=[1.0, 7.0][code > 1]) for code in range(5)]
    outcome = load(warehouse, "smac", write(tmp_path / "a", data))
    assert [(t["status"], t["values"]) for t in trials(warehouse)] == [
        ("running", {}),
        ("finished", {("cost", None): 1.0}),
        ("failed", {("cost", None): "failed"}),
        ("failed", {("cost", None): "timeout"}),
        ("failed", {("cost", None): "memory"}),
    ]
    assert any("There is no configspace.json" in note for note in outcome.notes)


def test_nan_and_infinite_costs_keep_their_status(warehouse, tmp_path):
    data = [entry(seed=i, cost=cost) for i, cost in enumerate((float("nan"), float("inf"), -float("inf")))]
    load(warehouse, "smac", write(tmp_path / "a", data))
    assert [t["values"]["cost", None] for t in trials(warehouse)] == ["nan", "inf", "neg_inf"]


def test_bad_runs_refuse_the_load_or_are_written_out(warehouse, tmp_path):
    data = [entry(), entry(seed=1, status=9), entry(config_id=4), "nonsense", entry(seed=2)]
    folder = write(tmp_path / "a", data)
    with pytest.raises(RowsRefusedError, match="row 2, column 'status'.*row 3, column 'config_id'.*row 4"):
        load(warehouse, "smac", folder)
    outcome = load(warehouse, "smac", folder, reject_to=tmp_path / "bad.csv")
    assert (outcome.row_count, outcome.refused_count) == (2, 3)
    assert (tmp_path / "bad.csv").read_text().count("\n") == 4


def test_runs_as_smac_1_writes_them(warehouse, tmp_path):
    """A key of configuration, instance, seed (and budget), a value with the status as an enumeration's name."""
    ok, bad, slow = ({"__enum__": f"StatusType.{name}"} for name in ("SUCCESS", "CRASHED", "TIMEOUT"))
    data = [
        [[1, None, 0, 0.0], [1.5, 0.1, ok, 1.7e9, 1.7e9 + 2, {"note": "x"}]],
        [["2", "digits", 7], [2147483647.0, 0.2, bad, {"error": "no"}]],
        [["1", None, 3, 0.0], [9.0, 30.0, slow, 1.7e9, 1.7e9 + 30, {}]],
        [["2", None, 0], [2.5, 0.2, 1, {}]],
        [["2", None, 4], [2.5, 0.2, 3, {}]],
    ]
    load(warehouse, "smac", write(tmp_path / "a", data, {"1": {"x": 1}, "2": {"x": 2}}))
    found = trials(warehouse)
    assert [t["status"] for t in found] == ["finished", "failed", "failed", "finished", "failed"]
    assert [t["values"] for t in found] == [
        {("cost", None): value} for value in (1.5, "failed", "timeout", 2.5, "failed")
    ]  # fmt: skip
    assert found[0]["attributes"]["additional_info.note"] == "x"
    assert found[1]["attributes"]["instance"] == "digits"
    assert found[1]["attributes"]["cost_stored"] == 2147483647.0
    assert found[0]["parameters"] == found[2]["parameters"] != found[1]["parameters"]


def test_what_cannot_be_read_is_said(warehouse, tmp_path):
    folder = write(tmp_path / "a", [entry()])
    (folder / "runhistory.json").write_text((folder / "runhistory.json").read_text()[:-9])
    with pytest.raises(IngestError, match="runhistory.json is not whole"):
        load(warehouse, "smac", folder)
    (tmp_path / "b").mkdir()
    with pytest.raises(IngestError, match="There is no runhistory.json below"):
        load(warehouse, "smac", tmp_path / "b")
    two = write(tmp_path / "d", [entry(cost=[1.0, 2.0])])
    with pytest.raises(IngestError, match="has 2 costs a run"):
        load(warehouse, "smac", two, options={"metric": "loss"})
    with pytest.raises(UsageError, match="no option 'colour'"):
        load(warehouse, "smac", folder, options={"colour": "red"})
    assert counts(warehouse)["trial"] == 0


def test_preview_writes_nothing(made):
    shown = preview(find_source("smac"), Request(str(made / "two"), "x"))
    roles = {name: role for name, role, _ in shown.mapping}
    assert roles["loss"] == "metric"
    assert roles["lr"] == "hyperparameter (float)"
    assert (shown.row_count, len(shown.rows)) == (12, 5)
