"""What columns are called: one table of names for all sources, and how a heading is read."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMES: dict[str, tuple[str, ...]] = {
    "algorithm": (
        *("algorithm", "algo", "optimizer", "optimiser", "method", "sampler", "tuner", "solver", "framework"),
        *("classifier", "learner", "algorithm_name", "optimizer_name", "optimiser_name", "method_name", "solver_name"),
        *(
            "algname",
            "alg_name",
            "learner_id",
            "learner_name",
            "flow_name",
            "agent",
            "classifier_name",
            "framework_name",
        ),
        *("sampler_name", "tuner_name", "estimator_name", "agent_name", "algo_name"),
        *("optim_method", "optimization_method", "optimisation_method", "hpo_method"),
    ),
    "benchmark": (
        *("benchmark", "bench", "problem", "dataset", "data_set", "task", "function", "benchmark_name"),
        *("problem_name", "dataset_name", "data_set_name", "task_name", "function_name", "instance", "data_name"),
        *("task_id", "openml_task_id", "function_id", "func_id", "funcid", "game", "env_id"),
    ),
    "seed": (
        "seed",
        "run_seed",
        "rep",
        "repeat",
        "repetition",
        "replication",
        "repl",
        "replicate",
        "resample",
        "random_state",
    ),
    "fold": ("fold", "cv_fold", "fold_id"),
    "budget": (
        *("budget", "used_fidelity", "used_budget", "n_trials", "n_evaluations", "evaluations", "n_evals", "evals"),
        *("iters", "fn_evals", "func_evals", "function_evals", "n_fevals", "nfe", "nfes"),
        *("bb_evals", "num_bb_evals", "n_calls", "num_calls", "n_queries", "num_queries", "oracle_calls"),
        *("n_evaluation", "num_evals", "num_evaluations", "function_evaluations", "fevals", "nfev", "n_iterations"),
        *(
            "iteration",
            "iterations",
            "iter",
            "trial",
            "step",
            "steps",
            "timesteps",
            "generation",
            "fidelity",
            "walltime",
        ),
        *("wall_time", "wall_clock", "wallclock", "wall_clock_time", "wallclock_time", "elapsed", "elapsed_time"),
        *("cpu_time", "runtime", "time", "epoch", "frames", "global_step", "env_steps", "total_timesteps"),
    ),
    "fidelity": ("fidelity", "budget", "epoch", "epochs", "subsample_fraction", "train_fraction", "trainsize"),
    "value": (
        *("value", "loss", "objective", "y", "fitness", "val_loss", "score", "accuracy", "val_accuracy", "cost"),
        *("error", "result", "target", "mean_test_score", "raw_y", "best_so_far", "function_value"),
        *("objective_value", "episodic_return", "episode_return", "return", "obj", "final_value"),
    ),
    "metric-name": ("metric", "metric_name"),
    "split": ("split",),
    "cost": (
        *("cost", "train_time", "fit_time", "runtime", "duration", "time"),
        *("train_time_s", "fit_time_s", "runtime_s", "duration_s", "time_s", "training_time"),
    ),
    "status": ("status", "state", "trial_status"),
    "experiment": ("experiment", "experiment_name"),
    "name": ("name", "trial", "trial_id", "run", "run_id", "id", "number", "trial_index", "tid"),
    "started": ("created", "started_at", "start_time", "datetime_start", "started", "created_at", "starttime"),
    "ended": ("ended_at", "end_time", "datetime_complete", "ended", "finished_at", "endtime"),
    "duration": (
        *("runtime", "duration", "duration_s", "time_s", "wall_time", "train_time", "training_time", "fit_time"),
        *("train_time_s", "fit_time_s", "runtime_s", "training_time_s", "wall_time_s"),
    ),
}
"""Role -> its usual names, the surest first; a source looks for the roles that it has."""
METRICS = ("value", "objective", "loss", "val_loss", "score", "accuracy", "val_accuracy", "cost", "error", "metric",
           "mean_test_score", "fitness", "result", "function_value", "objective_value", "obj",
           "final_value")  # fmt: skip
"""Names of a metric where columns without a name of their own are hyperparameters: `y` is one of these, too."""
TIMES = ("started", "ended", "duration")
IDENTIFIERS = frozenset({
    "config_id", "config_hash", "config_key", "configuration_id", "configuration_hash", "conf_id", "hash", "uuid",
    "guid", "run_id", "run_uuid", "run_hash", "job_id", "trial_id", "trial_hash", "arm_name", "experimentkey",
    "experiment_id", "experiment_key", "pid", "hostname", "node_ip", "artifact_uri", "model_id", "model_ids",
})  # fmt: skip
"""Names of what tells things apart and is set by nobody."""
RESULTS = frozenset({
    "loss", "val_loss", "score", "accuracy", "val_accuracy", "error", "mean_test_score", "acc", "f1", "auc", "auroc",
    "rmse", "mse", "mae", "mape", "r2", "r\u00b2", "logloss", "nll", "perplexity", "reward", "regret", "fitness",
    "return", "crossentropy", "bce", "ce", "balacc", "bacc", "auprc", "aucpr", "rsquared",
})  # fmt: skip
"""Words that name a result even alone; `cost` and `precision` alone are hyperparameters of some models."""
SPLIT_RESULTS = RESULTS | {"cost", "precision", "recall", "bleu", "rouge", "iou", "dice", "map", "kappa", "mcc", "err"}
SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "eval", "dev", "holdout", "cv"})
BESIDE = frozenset({
    "macro", "micro", "weighted", "mean", "avg", "average", "best", "final", "last", "min", "max", "std", "log", "top",
    "1", "5", "at", "score", "balanced", "metric", "classif", "regr", "episodic", "episode",
})  # fmt: skip
"""Words that may stand beside those of a result without making something else of it."""
SPREADS = frozenset({"std", "stdev", "stddev", "sd", "sem", "stderr", "var", "variance"})
"""Words of the spread of a metric, which is no metric to be best in."""
SPREAD_OF = re.compile(
    r"(?P<of>.*[a-z0-9])SD|(?:std|stdev|stddev|sd)[_. -](?P<after>.+)|(?P<before>.+)[_. -](?:std|stdev|stddev|sd)"
)
"""A column of spreads: caret's `KappaSD`, scikit-learn's `std_test_f`, XGBoost's `test-error-std`."""
MEAN_OF = re.compile(r"mean[_. -](?P<after>.+)|(?P<before>.+)[_. -]mean")
SETTING_WORDS = frozenset({
    "weight", "weights", "coef", "coefficient", "fn", "func", "function", "type", "kind", "name", "threshold", "scale",
    "factor", "lambda", "alpha", "beta", "reduction", "smoothing", "margin", "clip", "penalty", "class",
})  # fmt: skip
"""Words that make a setting of a result's word: `loss_weight`, `score_function`."""
LIKE_A_NUMBER = r"\s*[-+]?(([0-9][0-9.,' ]*|[.,][0-9]+)([eE][-+]?[0-9]+)?\s*%?|nan|inf|infinity)\s*"
"""Also as other languages write it: what it is, is not asked here."""
TAKES = frozenset(
    {"time", "duration", "runtime", "elapsed", "walltime", "wallclock", "timetrain", "timepredict", "timetest"}
)
"""Words of what a run took."""
OF_TIMES = SPLITS | {
    "fit", "score", "inference", "predict", "prediction", "wall", "cpu", "gpu", "clock", "total", "mean", "avg",
    "average", "std", "per", "epoch", "step", "batch", "sample", "iteration", "iter", "trial", "run", "job", "s", "sec",
    "best", "to", "convergence", "converge",
    "secs", "second", "seconds", "ms", "us", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours",
}  # fmt: skip
"""Words that may stand beside them without making a setting of it, as `limit` or `max` do."""
USED = frozenset({"memory", "mem", "vram", "ram", "rss"})
OF_USE = frozenset({"peak", "used", "usage", "allocated", "reserved", "consumed"})
"""Words without which memory is what was asked for, not what was used."""
OF_MEMORY = OF_USE | SPLITS | {"gpu", "cpu", "max", "mean", "total", "cuda", "mb", "gb", "mib", "gib", "kb", "bytes"}
SPEEDS = frozenset(
    {"latency", "throughput", "flops", "gflops", "mflops", "macs", "gmacs", "energy", "emissions", "co2"}
)
OF_SPEEDS = OF_TIMES | {"p50", "p90", "p95", "p99", "g", "m", "kwh", "wh", "j", "kg", "samples", "tokens", "images",
                        "consumed"}  # fmt: skip
COUNTED = frozenset({"epoch", "epochs", "iteration", "iterations", "iter", "step", "steps", "round", "rounds"})
ENDED = frozenset({"best", "final", "last", "stopped", "actual", "run", "ran", "trained", "completed", "reached"})
"""Words beside which epochs are where a trial came to, not how many it was to have."""
OF_ENDS = frozenset({"n", "num", "number", "of", "at", "early", "boosting"})
SIZES = frozenset({"params", "parameters", "param", "parameter", "weights"})
OF_SIZES = frozenset({"n", "num", "number", "of", "count", "total", "trainable", "model", "m", "millions"})
"""Words beside which parameters are counted."""
UNIT = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")
"""What stands in brackets at the end of a heading."""


def words(name: str) -> list[str]:
    """Return the words of a name, in lower case: `Val accuracy (%)` and `valAccuracy` are both val, accuracy."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", name).replace("_", " ").lower()
    return re.findall(r"\w+", re.sub(r"\bcross[ -]entropy\b", "crossentropy", apart))


def plain_name(column: str) -> str:
    """Return a heading as the table has it: `run_id` for `Run ID`, `train_time` for `Train time (s)`, `rep` for `Rep.`.

    Dots, `#`, percent signs and a unit in brackets are left out.
    """
    return re.sub(r"\W+", "_", UNIT.sub("", column).strip().lower()).strip("_")


def usual(*roles: str) -> dict[str, tuple[str, ...]]:
    """Return the part of the table that a source with these roles looks at."""
    return {role: NAMES[role] for role in roles}


def is_result(name: str) -> bool:
    """Return whether a name is that of a result and nothing else: `val F1 (macro)`, `rmse`, `Val. Acc. [%]`.

    Beside a word such as `test`, a name that ends in a result's word is one, whatever else it says: `quant_test_loss`.
    """
    found = words(name)
    known = SPLIT_RESULTS if SPLITS.intersection(found) else RESULTS
    if not known.intersection(found):
        return False
    return set(found) <= known | SPLITS | BESIDE or (known is SPLIT_RESULTS and found[-1] in known)


def is_measured(name: str) -> bool:
    """Return whether a name is that of what a trial took or is, which nobody sets: `train_time_s`, `best_epoch`.

    Not `max_time`, `time_limit`, `n_epochs` or `gpu_memory`, which may be set.
    """
    found = set(words(name))
    if found & TAKES:
        return found <= TAKES | OF_TIMES
    if found & COUNTED:
        return bool(found & ENDED) and found <= COUNTED | ENDED | OF_ENDS
    if found & USED:
        return bool(found & OF_USE) and found <= USED | OF_MEMORY
    if found & SPEEDS:
        return found <= SPEEDS | OF_SPEEDS
    return bool(found & SIZES) and bool(found & OF_SIZES) and found <= SIZES | OF_SIZES


def with_spreads(columns: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the columns beside which their own spread stands, and those spreads: such were measured, more than once.

    A spread counts that no setting has: of a mean (`mean_x`, `std_x`), or written as caret does (`Kappa`, `KappaSD`).
    """
    listed = list(columns)
    means = {(one["after"] or one["before"]): column for column in listed if (one := MEAN_OF.fullmatch(column))}
    measured, spreads = [], []
    for column in listed:
        found = SPREAD_OF.fullmatch(column)
        of = found and (found["of"] if found["of"] in listed else means.get(found["after"] or found["before"] or ""))
        if of and not is_measured(of):
            measured.append(of)
            spreads.append(column)
    return measured, spreads
