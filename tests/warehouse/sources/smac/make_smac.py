"""Run SMAC3 with its own facades: `make_smac.py FOLDER`. Writes one output folder per kind of scenario."""

import json
import sys
from pathlib import Path

from ConfigSpace import (
    AndConjunction,
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    GreaterThanCondition,
    InCondition,
    Integer,
    Normal,
    OrdinalHyperparameter,
)
from smac import HyperbandFacade, RandomFacade, Scenario

FOLDER = sys.argv[1]


def space():
    found = ConfigurationSpace(seed=1)
    lr = Float("lr", (1e-5, 1.0), log=True)
    layers = Integer("layers", (1, 8))
    act = Categorical("act", ["relu", "tanh", "o'x\"; drop table core.trial; --"])
    units = Integer("a.b <b>units</b>", (4, 512), log=True)
    flag = Categorical("flag", [True, False])
    size = OrdinalHyperparameter("size", ["s", "m", "l"])
    momentum = Float("momentum", (0.0, 0.99))
    warm = Integer("warm", (1, 5))
    found.add([lr, layers, act, units, flag, size, momentum, warm, Constant("k", 5)])
    found.add([Float("normal", (-3, 3), distribution=Normal(0, 1)), Categorical("mixed", [1, "two", 3.5])])
    found.add(EqualsCondition(momentum, act, "relu"))
    found.add(GreaterThanCondition(warm, size, "s"))
    found.add(AndConjunction(GreaterThanCondition(units, layers, 2), InCondition(units, act, ["relu", "tanh"])))
    found.add(ForbiddenAndConjunction(ForbiddenEqualsClause(flag, True), ForbiddenEqualsClause(size, "l")))
    found.add(ForbiddenEqualsClause(layers, 7))
    return found


def one(config, seed=0):
    if config["layers"] in (5, 6):
        raise ValueError("bad <b>")
    return config["lr"] + config["layers"], {"note": ["x", 1]}


def two(config, instance, seed=0):
    return {"loss": config["lr"], "size": float(config["layers"])}


def budgets(config, seed=0, budget=1.0):
    return config["lr"] / budget


shared = {"configspace": space(), "output_directory": FOLDER, "seed": 3}
scenario = Scenario(**shared, name="one<1>", n_trials=24, deterministic=False, crash_cost=1e6)
RandomFacade(scenario, one, overwrite=True).optimize()
scenario = Scenario(
    **shared, name="two", n_trials=12, objectives=["loss", "size"], crash_cost=[1e3, 1e4],
    instances=["i'1", "i2"], instance_features={"i'1": [1], "i2": [2]},
)  # fmt: skip
RandomFacade(scenario, two, overwrite=True, multi_objective_algorithm=None).optimize()
scenario = Scenario(**shared, name="whole", n_trials=20, min_budget=1, max_budget=9)
HyperbandFacade(scenario, budgets, overwrite=True).optimize()
scenario = Scenario(**shared, name="parts", n_trials=10, min_budget=1, max_budget=7)
HyperbandFacade(scenario, budgets, overwrite=True).optimize()

# What ConfigSpace itself says: the order of the space, and configurations as names and as bare values.
found = space()
configurations = [dict(one) for one in found.sample_configuration(300)]
(Path(FOLDER) / "configspace_says.json").write_text(
    json.dumps(
        {"order": list(found), "configurations": [list(one.items()) for one in configurations]},
        default=lambda value: value.item(),
    )
)
