"""`hpowh demo landscapes`: what is found is what is known."""

from __future__ import annotations

import pytest

from hpowh.reports.demo.folder import begin
from hpowh.reports.demo.landscapes import known_and_found
from hpowh.warehouse.errors import UsageError


def test_a_folder_of_other_results_is_no_place_for_a_demo(tmp_path):
    (tmp_path / "hpowh.duckdb").write_text("somebody's results")
    with pytest.raises(UsageError, match="holds files that are no demo of hpowh"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["hpowh.duckdb"]
    for _ in range(2):
        begin(tmp_path / "new")


@pytest.mark.slow
def test_what_is_found_is_what_is_known(tmp_path):
    path, rows = known_and_found(tmp_path / "demo")
    assert path.is_file()
    assert {name for name, *_ in rows} == {"additive", "planted-7", "nk-10-0", "nk-10-4", "parity"}
    for name, measure, known, found in rows:
        # An NK landscape's correlation is known in expectation; all else is exact.
        tolerance = 0.12 if name.startswith("nk") else 1e-9
        assert found == pytest.approx(known, abs=tolerance), (name, measure)


@pytest.mark.slow
def test_another_demo_is_refused_by_name(hpowh, tmp_path):
    done = hpowh("demo", "landscape", "--folder", str(tmp_path / "x"))
    assert done.returncode != 0
    assert "There is no demo 'landscape'" in done.stderr
    assert not (tmp_path / "x").exists()
