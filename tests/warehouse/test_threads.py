"""`HPOWH_THREADS`: how many threads DuckDB takes."""

from __future__ import annotations

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_threads_as_asked_for(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, count: int):
    monkeypatch.setenv("HPOWH_THREADS", str(count))
    assert warehouse.sql("select current_setting('threads')").one() == count


@pytest.mark.parametrize("word", ["0", "-1", "many", "1.5"])
def test_what_is_no_number_of_threads_is_refused(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, word: str):
    monkeypatch.setenv("HPOWH_THREADS", word)
    with pytest.raises(UsageError, match="no number of threads"):
        warehouse.sql("select 1")
