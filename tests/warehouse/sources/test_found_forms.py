"""Forms of sweeps that people publish: each is right in one command or one question (listed in docs/testing.md)."""

from __future__ import annotations

import random

import pytest

from hpowh.warehouse.ingest import Request, find_source, preview
from hpowh.warehouse.ingest.questions import QuestionsError
from hpowh.warehouse.ingest.recognise import advice, recognise
from hpowh.warehouse.sources.trackers.roles import guess_metric

DRAWN = random.Random(5)


def roles(path, **mapping: str) -> dict[str, str]:
    (found,) = [one.kind for one in recognise(path)]
    shown = preview(find_source(found), Request(str(path), "x", mapping, {}))
    return {column: role.partition(":")[0] for column, role, _ in shown.mapping}


def test_a_frame_of_name_configuration_and_summary_has_the_configuration_as_settings(tmp_path):
    """`pd.concat([name, config, summary], axis=1).to_csv()`: an index, and two blocks in alphabetical order."""
    config = ["activation", "batch_size", "layer_1", "layer_2", "learning_rate", "n_layer", "optimizer"]
    summary = ["MSE_diff", "RMSPE", "_runtime", "_step", "_timestamp", "best_epoch", "best_val_loss", "epoch", "lr",
               "num_nodes_total", "val_loss"]  # fmt: skip
    lines = [",".join(["", "name", *config, *summary])]
    for i in range(30):
        chosen = [
            "relu" if i % 2 else "tanh",
            16 * (1 + i % 3),
            8 + i % 5,
            4 + i % 3,
            DRAWN.random(),
            1 + i % 2,
            "adam",
        ]
        logged = [DRAWN.random(), DRAWN.random(), 60 + i, 99 + i % 7, 1.7e9 + 90 * i, 40 + i % 9, DRAWN.random(), 99,
                  DRAWN.random(), 12 + i % 7, DRAWN.random()]  # fmt: skip
        lines.append(",".join(map(str, [i, f"calm-sea-{i}", *chosen, *logged])))
    path = tmp_path / "wandb_data.csv"
    path.write_text("\n".join(lines))
    found = roles(path, val_loss="metric")
    assert {name for name, role in found.items() if role == "hyperparameter"} == set(config)
    assert found["Unnamed: 0"] == "ignore"


def test_a_search_with_two_scorers_asks_which_counts_and_offers_no_spread(tmp_path):
    path = tmp_path / "cv_results.csv"
    head = "mean_fit_time,std_fit_time,param_C,params,mean_test_r2,std_test_r2,mean_test_mse,std_test_mse"
    rows = [f"0.1,0.0,{1 + i},\"{{'C': {1 + i}}}\",0.5{i},0.1,{i}.5,0.2" for i in range(8)]
    path.write_text("\n".join([head, *rows]))
    with pytest.raises(QuestionsError) as asked:
        roles(path)
    assert asked.value.questions[0].choices == ["mean_test_r2", "mean_test_mse"]
    found = roles(path, mean_test_r2="metric")
    assert {name for name, role in found.items() if role == "hyperparameter"} == {"param_C"}


def test_what_was_trained_on_is_not_taken_for_the_metric_where_something_else_was_looked_at():
    assert guess_metric(["train/loss", "eval/mean_reward", "time/fps"]) == (["eval/mean_reward", "train/loss"], "")
    assert guess_metric(["train/loss", "time/fps"])[0] == ["train/loss"]
    assert guess_metric(["train/loss", "val_loss"])[0] == ["val_loss"]


def test_a_pickle_is_not_opened_and_the_way_round_is_said(tmp_path):
    path = tmp_path / "optuna_study.pkl"
    path.write_bytes(b"\x80\x04K\x01.")
    assert recognise(path) == []
    assert "study.trials_dataframe().to_csv(PATH)" in advice(path)
