"""What the doctor finds."""

from __future__ import annotations

from importlib.metadata import requires

from hpowh.warehouse.checks import doctor
from hpowh.warehouse.checks.doctor import examine


def found(warehouse) -> dict[str, doctor.Finding]:
    warehouse.close()
    return {finding.what: finding for finding in examine(warehouse.path)}


def test_a_healthy_place(warehouse):
    seen = found(warehouse)
    assert seen["warehouse"].state == "ok" and "all checks passed" in seen["warehouse"].detail
    assert "nightly build" not in seen
    for text in requires("hpowh") or []:
        if "extra ==" not in text:
            assert seen[text.split(">")[0].split("=")[0].split("<")[0]].state == "ok"


def test_every_extra_says_how_to_get_it(warehouse, monkeypatch):
    real = doctor.version

    def lacking(name: str) -> str:
        if name in ("xgboost", "optuna"):
            raise doctor.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", lacking)
    seen = found(warehouse)
    assert seen["optuna"] == doctor.Finding(
        "optuna", "optional", "not installed, for hpowh demo: pip install 'hpowh[demo]'"
    )
    assert seen["xgboost"].state == "optional" and "hpowh[boost]" in seen["xgboost"].detail


def test_a_missing_needed_package_is_a_problem(warehouse, monkeypatch):
    real = doctor.version

    def lacking(name: str) -> str:
        if name == "igraph":
            raise doctor.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", lacking)
    assert found(warehouse)["igraph"] == doctor.Finding("igraph", "problem", "not installed: pip install igraph")


def test_a_browser_that_does_not_start_is_told(warehouse, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/bin/false")
    assert "does not start: exit code 1" in found(warehouse)["Chromium"].detail
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert found(warehouse)["Chromium"].state == "optional"


def test_the_last_nightly_build_is_told(warehouse):
    row = "({}, 'c', 'site', '{}', true, null, null, null, now(), now(), '0', null)"
    with warehouse.writing() as connection:
        connection.execute(f"insert into ops.nightly values {row.format(1, 'ok')}, {row.format(2, 'failed')}")
    assert found(warehouse)["nightly build"].state == "problem"
    with warehouse.writing() as connection:
        connection.execute(f"insert into ops.nightly values {row.format(3, 'ok')}")
    assert found(warehouse)["nightly build"].state == "ok"


def test_planted_damage_is_a_problem(warehouse):
    with warehouse.writing() as connection:
        connection.execute("insert into core.trace values (1, 1, 1, 1, 'ok', 1)")
    assert found(warehouse)["check trace_references"].state == "problem"
