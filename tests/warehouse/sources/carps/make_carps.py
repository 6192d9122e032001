"""Run CARP-S: `make_carps.py FOLDER [smac]`. Its own command on tasks of this file; then the logs are gathered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import ConfigSpace
import yaml
from carps.objective_functions.objective_function import ObjectiveFunction
from carps.utils.trials import StatusType, TrialValue


class Toy(ObjectiveFunction):
    """A function with a conditional hyperparameter that crashes now and then."""

    def __init__(self, configuration_space, kind="one", loggers=None):
        super().__init__(loggers)
        self._space, self.kind = configuration_space, kind

    @property
    def configspace(self):
        return self._space

    def _evaluate(self, trial_info):
        values = dict(trial_info.config)
        cost = float(values["x2"] ** 2 + abs(values["x10"]) + (0.5 if values["kind"] == "b" else 0.0))
        crashed = self.kind == "one" and values["x10"] > 4
        if self.kind == "two":
            cost = [cost, float(abs(values["x10"]))]
        return TrialValue(
            cost=1e9 if crashed else cost,
            time=0.5,
            starttime=1_700_000_000.0 + self.n_trials,
            endtime=1_700_000_000.5 + self.n_trials,
            status=StatusType.CRASHED if crashed else StatusType.SUCCESS,
        )


def space():
    found = ConfigSpace.ConfigurationSpace(seed=1)
    x2, x10 = ConfigSpace.Float("x2", (-5.0, 5.0)), ConfigSpace.Float("x10", (-5.0, 5.0))
    kind, depth = ConfigSpace.Categorical("kind", ["a", "b"]), ConfigSpace.Integer("a_depth", (1, 64), log=True)
    found.add([x2, x10, kind, depth, ConfigSpace.EqualsCondition(depth, kind, "b")])
    return found


def task(name, kind, objectives, is_multifidelity=False):
    """One task's YAML, in the form of those that CARP-S ships."""
    target = "carps.utils.task."
    return {
        "benchmark_id": "toys",
        "task_id": "${task.name}",
        "task": {
            "_target_": f"{target}Task",
            "name": name,
            "seed": "${seed}",
            "objective_function": {
                "_target_": "make_carps.Toy",
                "kind": kind,
                "configuration_space": "${task.input_space.configuration_space}",
            },
            "input_space": {
                "_target_": f"{target}InputSpace",
                "configuration_space": {
                    "_target_": "ConfigSpace.configuration_space.ConfigurationSpace.from_serialized_dict",
                    "_convert_": "object",
                    "d": space().to_serialized_dict(),
                },
                "fidelity_space": {
                    "_target_": f"{target}FidelitySpace",
                    "is_multifidelity": is_multifidelity,
                    "fidelity_type": "epochs",
                    "min_fidelity": 1,
                    "max_fidelity": 9,
                },
                "instance_space": None,
            },
            "output_space": {
                "_target_": f"{target}OutputSpace",
                "n_objectives": len(objectives),
                "objectives": objectives,
            },
            "optimization_resources": {
                "_target_": f"{target}OptimizationResources",
                "n_trials": 12,
                "time_budget": None,
                "n_workers": 1,
            },
            "metadata": {
                "_target_": f"{target}TaskMetadata",
                "has_constraints": False,
                "domain": "synthetic",
                "objective_function_approximation": "real",
                "has_virtual_time": False,
                "deterministic": True,
                "dimensions": 4,
                "search_space_n_categoricals": 1,
                "search_space_n_ordinals": 0,
                "search_space_n_integers": 1,
                "search_space_n_floats": 2,
                "search_space_has_conditionals": True,
                "search_space_has_forbiddens": False,
                "search_space_has_priors": False,
            },
        },
    }


def main(folder, *, with_smac):
    tasks = folder / "configs" / "task" / "TOY"
    tasks.mkdir(parents=True)
    for name, kind, objectives, is_multifidelity in (
        ("toy/one", "one", ["quality"], False),
        ("toy/other", "other", ["quality"], False),
        ("toy/two", "two", ["quality", "size"], False),
        ("toy/mf", "other", ["quality"], True),
    ):
        text = yaml.safe_dump(task(name, kind, objectives, is_multifidelity), sort_keys=False)
        (tasks / f"{name.partition('/')[2]}.yaml").write_text(f"# @package _global_\n{text}")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    base = [sys.executable, "-m", "carps.run", "-m", f"hydra.searchpath=[file://{folder / 'configs'}]"]
    two = "optimizer_id=RandomSearch,Second"  # its second name makes it a second optimiser
    jobs = [["+optimizer/randomsearch=config", "+task/TOY=one,other,two", "seed=1,2", two]]
    if with_smac:
        jobs += [["+optimizer/smac20=hyperband", "+task/TOY=mf", "seed=1"]]
    for job in jobs:
        subprocess.run([*base, *job], cwd=folder, env=environment, check=True)
    gather = [sys.executable, "-m", "carps.analysis.gather_data", "runs", "--outdir", "gathered", "--n_processes", "1"]
    subprocess.run(gather, cwd=folder, env=environment, check=True)
    sampled = [list(dict(one).items()) for one in space().sample_configuration(50)]
    (folder / "configspace_says.json").write_text(json.dumps(sampled, default=lambda value: value.item()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), with_smac="smac" in sys.argv[2:])
