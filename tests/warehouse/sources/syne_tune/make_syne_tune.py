"""Run Syne Tune with its Python backend: `make_syne_tune.py FOLDER`. Writes a random search and an ASHA experiment."""

import os
import sys

os.environ["SYNETUNE_FOLDER"] = sys.argv[1]
from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend import PythonBackend
from syne_tune.config_space import choice, finrange, loguniform, randint, uniform
from syne_tune.optimizer.baselines import ASHA, RandomSearch


def plain(lr, layers, act, width, const):
    import math

    from syne_tune import Reporter

    reporter = Reporter()
    if layers == 5:
        raise ValueError("bad")
    for epoch in range(1, 4):
        loss = math.nan if layers == 3 and epoch == 3 else lr * epoch
        reporter(loss=loss, epoch=epoch, acc=1 - lr, note='a,"b" <i>')


def slow(lr):
    import time

    from syne_tune import Reporter

    reporter = Reporter()
    for epoch in range(1, 5):
        reporter(loss=lr * 0.9**epoch, epoch=epoch)
        time.sleep(0.15)


def run(name, function, space, scheduler, trials):
    tuner = Tuner(
        trial_backend=PythonBackend(tune_function=function, config_space=space),
        scheduler=scheduler,
        stop_criterion=StoppingCriterion(max_num_trials_finished=trials),
        n_workers=2,
        sleep_time=0.1,
        results_update_interval=0.1,
        tuner_name=name,
        suffix_tuner_name=False,
        max_failures=100,
        metadata={"benchmark": "toy", "seed": 4, "algorithm": name},
        print_update_interval=1000,
    )
    tuner.run()


space = {
    "lr": loguniform(1e-4, 1), "layers": randint(1, 5), "act": choice(["relu", "tanh"]),
    "width": finrange(0.1, 1.0, 10), "const": 7,
}  # fmt: skip
run("plain", plain, space, RandomSearch(space, metrics=["loss"], do_minimize=True, random_seed=2), 5)
space = {"lr": uniform(0, 1)}
asha = ASHA(space, metric="loss", time_attr="epoch", max_t=4, grace_period=1, reduction_factor=4, random_seed=1)
run("asha", slow, space, asha, 4)
