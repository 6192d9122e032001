"""Rows of the warehouse as columns of trials."""

from __future__ import annotations

import numpy as np

from hpowh.analyses.sweeps.reading.trials import read_trials


def arrays(**columns):
    return {
        name: np.ma.masked_array([0 if one is None else one for one in values], [one is None for one in values])
        if any(one is None for one in values)
        else np.array(values, dtype=object if any(isinstance(one, str) for one in values) else None)
        for name, values in columns.items()
    }


TRIAL = arrays(
    trial_id=[3, 5, 8],
    status=["finished", "failed", "finished"],
    duration=[1.5, None, 2.0],
    number=[0, 1, 2],
    name=["a", "b", "a"],
)


def test_values_stand_with_their_trials_and_what_is_missing_stays_missing():
    parameters = {
        "name": np.array(["x", "x", "y"], dtype=object),
        "trial_id": np.array([3, 8, 5]),
        "numeric_value": np.ma.masked_array([0.25, 4.0, 0.0], [False, False, True]),
        "text_value": np.ma.masked_array(np.array(["0.25", "?", "red"], dtype=object), [False, True, False]),
    }
    values = arrays(trial_id=[3, 5, 8, 8], step=[None, None, 1, None], value=[0.5, 9.0, 0.7, 0.6])
    found = read_trials(TRIAL, parameters, [], [], {1: values})
    x, y = found.columns
    assert (x.name, y.name) == ("x", "y")
    np.testing.assert_array_equal(x.number, [0.25, np.nan, 4.0])
    np.testing.assert_array_equal(y.number, [np.nan, np.nan, np.nan])
    assert x.text == ["0.25", None, None]
    assert y.text == [None, "red", None]
    np.testing.assert_array_equal(found.final[1], [0.5, np.nan, 0.6])
    np.testing.assert_array_equal(found.duration, [1.5, np.nan, 2.0])
    assert [part.tolist() for part in found.steps[1]] == [[2], [1], [0.7]]
    assert found.own_name(0) is None
    assert found.own_name(1) == "b"


def test_a_sweep_without_hyperparameters_has_no_columns():
    nothing = arrays(name=[], trial_id=[], numeric_value=[], text_value=[])
    found = read_trials(TRIAL, nothing, [], [], {1: arrays(trial_id=[3, 8], step=[None, None], value=[0.5, 0.6])})
    assert found.columns == []
    assert found.with_value(1).tolist() == [0, 2]
