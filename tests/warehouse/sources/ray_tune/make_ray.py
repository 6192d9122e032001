"""Run Ray Tune: `make_ray.py FOLDER`. Writes the experiments `plain`, `asha` and `again`, and what Ray reads back."""

import json
import math
import os
import sys
from pathlib import Path

os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
import ray
from ray import tune

FOLDER = Path(sys.argv[1])


class Thing:
    """Something that JSON cannot hold."""


def hard(config):
    for step in range(3):
        if config["n"] == 1 and step == 2:
            raise RuntimeError("too <b>hot</b>")
        if config["n"] == 2:
            raise ValueError("at once")
        loss = {3: math.nan, 4: math.inf}.get(config["n"], config["opt"]["lr"]) * (step + 1)
        tune.report({"loss": loss, "nested": {"acc": 1 - step / 10}, "label": "x"})


def curve(config):
    for step in range(8):
        tune.report({"nested": {"loss": config["lr"] * 0.9**step}})


def experiment(name, function, space, samples, **more):
    tuner = tune.Tuner(
        function,
        param_space=space,
        tune_config=tune.TuneConfig(num_samples=samples, max_concurrent_trials=2, reuse_actors=True, **more),
        run_config=tune.RunConfig(name=name, storage_path=str(FOLDER), verbose=0),
    )
    return tuner.fit()


ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", object_store_memory=80 * 2**20)
space = {
    "n": tune.grid_search([0, 1, 2, 3, 4, 5]),
    "opt": {"lr": tune.loguniform(1e-4, 1e-1), "name": tune.choice(["sgd", "adam"])},
    "act": tune.sample_from(lambda spec: [None, "relu", 3, True, 0.5, "x"][spec.config.n]),
    "units": tune.choice([[1, 2], [3, 4]]),
    "drop table core.trial; --": 1.5,
    "<b>h</b>": "o'x",
    "thing": Thing(),
}
plain = experiment("plain", hard, space, 1)
asha = experiment(
    "asha", curve, {"lr": tune.uniform(0, 1)}, 10, metric="nested/loss", mode="min",
    scheduler=tune.schedulers.ASHAScheduler(max_t=8, grace_period=2, reduction_factor=2),
)  # fmt: skip
says = {
    name: [
        {
            "trial": one.path and Path(one.path).name,
            "last": {key: value for key, value in (one.metrics or {}).items() if key in ("loss", "nested", "trial_id")},
            "iterations": (one.metrics or {}).get("training_iteration"),
            "error": repr(one.error) if one.error else None,
        }
        for one in results
    ]
    for name, results in (("plain", plain), ("asha", asha))
}
(FOLDER / "ray_says.json").write_text(json.dumps(says))
