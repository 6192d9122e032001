"""The first sentence of a sweep, on rows worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hpowh.analyses.sweeps.saying.found import Found
from hpowh.analyses.sweeps.saying.headline import important
from hpowh.analyses.sweeps.saying.trials import next_to_try


def effect(name: str, count: int, share: float) -> dict[str, object]:
    return {"hyperparameter": name, "configuration_count": count, "share": share, "lower": share - 0.01,
            "upper": share + 0.01, "p_adjusted": 0.001}  # fmt: skip


def test_a_share_is_said_to_be_among_those_that_have_the_hyperparameter():
    """99 % beside 11 % would be more than the whole, were both of the same trials."""
    tables = {"sweep_effect": [effect("momentum", 48, 0.98), effect("optimizer", 150, 0.11)]}
    result = SimpleNamespace(tables=tables, configurations=None, followed={}, suspects={})
    (said,) = important(Found(result), "val_loss")
    assert "momentum matters for val_loss: alone it explains 98 % of the variance among the 48 configurations" in (
        said.sentence
    )
    assert "Also: optimizer (11 %, p = 0.0010)." in said.sentence


@pytest.mark.parametrize(("p", "doubted"), [(0.001, False), (0.2, True)])
def test_a_setting_to_try_is_doubted_where_nothing_is_shown_to_matter(p, doubted):
    row = {"suggestion": 1, "hyperparameter": "lr", "numeric_value": 0.1, "text_value": None, "predicted": 6.3,
           "deviation": 0.28, "model": "gaussian_process"}  # fmt: skip
    tables = {"sweep_effect": [effect("lr", 12, 0.4) | {"p_adjusted": p}], "sweep_suggestion": [row]}
    (said,) = next_to_try(Found(SimpleNamespace(tables=tables, configurations=None, followed={}, suspects={})), "rmse")
    assert ("it may do no better than any other setting" in said.sentence) == doubted
