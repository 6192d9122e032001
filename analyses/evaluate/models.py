"""Which models there are, and how one is built from a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hpowh.analyses.evaluate.errors import SpecError, nearest

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.data import DataSet

TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Kind:
    """A model that can be named in a spec."""

    classifier: str
    """Import path."""
    regressor: str | None
    steps: str | None = None
    """How it trains step by step: `warm_start:PARAMETER`, `staged:PARAMETER` (one training, of which fewer trees can be
    asked), `epochs` (multi-layer perceptrons), `partial_fit` or not at all."""
    scale: bool = False
    """Whether its features are standardised unless the spec says otherwise."""
    extra: str | None = None
    """The extra of this package that brings it."""


KINDS = {
    "decision_tree": Kind("sklearn.tree.DecisionTreeClassifier", "sklearn.tree.DecisionTreeRegressor"),
    "random_forest": Kind(
        "sklearn.ensemble.RandomForestClassifier", "sklearn.ensemble.RandomForestRegressor", "warm_start:n_estimators"
    ),
    "gradient_boosting": Kind(
        "sklearn.ensemble.GradientBoostingClassifier",
        "sklearn.ensemble.GradientBoostingRegressor",
        "warm_start:n_estimators",
    ),
    "hist_gradient_boosting": Kind(
        "sklearn.ensemble.HistGradientBoostingClassifier",
        "sklearn.ensemble.HistGradientBoostingRegressor",
        "warm_start:max_iter",
    ),
    "mlp": Kind("sklearn.neural_network.MLPClassifier", "sklearn.neural_network.MLPRegressor", "epochs", scale=True),
    "svm": Kind("sklearn.svm.SVC", "sklearn.svm.SVR", scale=True),
    "cnn": Kind("hpowh.analyses.evaluate.cnn.SmallCNN", None, "partial_fit", extra="torch"),
    "xgboost": Kind("xgboost.XGBClassifier", "xgboost.XGBRegressor", "staged:n_estimators", extra="boost"),
    "lightgbm": Kind("lightgbm.LGBMClassifier", "lightgbm.LGBMRegressor", "staged:n_estimators", extra="boost"),
}
QUIET = {"lightgbm": {"verbosity": -1, "n_jobs": 1}, "xgboost": {"n_jobs": 1}}
"""One thread a worker, and no chatter."""


@dataclass(frozen=True)
class Recipe:
    """How to build one model; small, so that it travels to the workers."""

    import_path: str
    fixed: Mapping[str, Any]
    scale: bool
    steps: str | None
    """As in `Kind`, or None where the fidelity is a fraction of the rows."""
    quiet: Mapping[str, Any] = field(default_factory=dict)
    """What keeps a third party's model to one thread and silent; the spec may say otherwise."""


def recipe(
    kind: str | None, import_path: str | None, task: str, fixed: Mapping[str, Any], fidelity: str, scale: bool | None
) -> Recipe:
    """Return how to build a model for a task.

    Raises:
        SpecError: there is no such kind (names the nearest), or it does not train step by step but should.
    """
    if kind is None:
        steps = _steps_of_import(str(import_path)) if fidelity == "steps" else None
        return Recipe(str(import_path), dict(fixed), bool(scale), steps)
    if kind not in KINDS:
        raise SpecError(f"There is no model {kind!r}.", f'{nearest(kind, KINDS)} Any other: import = "package.Class"')
    known = KINDS[kind]
    if fidelity == "steps" and known.steps is None:
        raise SpecError(f"The model {kind} does not train step by step.", 'Use fidelity = "fraction".')
    path = known.classifier if task == "classification" else known.regressor
    if path is None:
        raise SpecError(f"The model {kind} is for classification only.", "Choose another model for numbers.")
    steps = known.steps if fidelity == "steps" else None
    return Recipe(path, dict(fixed), known.scale if scale is None else scale, steps, QUIET.get(kind, {}))


def _steps_of_import(path: str) -> str:
    parameters = load_class(path)().get_params()
    if "warm_start" in parameters and "n_estimators" in parameters:
        return "warm_start:n_estimators"
    if hasattr(load_class(path)(), "partial_fit"):
        return "partial_fit"
    raise SpecError(
        f"{path} does not train step by step: it has neither warm_start with n_estimators, nor partial_fit.",
        'Use fidelity = "fraction".',
    )


def load_class(import_path: str) -> Any:
    """Return the class (or function without arguments that returns a model) at an import path.

    Raises:
        SpecError: it cannot be imported.
    """
    module, _, name = import_path.rpartition(".")
    try:
        if not module:
            raise ImportError("a module and a name are needed, such as sklearn.tree.DecisionTreeClassifier")
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        extra = next((kind.extra for kind in KINDS.values() if import_path in (kind.classifier, kind.regressor)), None)
        hint = f"Install what it needs: pip install 'hpowh[{extra}]'" if extra else "Check the import path."
        raise SpecError(f"{import_path} cannot be imported: {error}.", hint) from None


def check(made: Recipe, parameters: list[str], name: str) -> None:
    """Check that a model exists and has the parameters that are varied or fixed.

    Raises:
        SpecError: it cannot be made, is no model, or lacks a parameter (names the nearest).
    """
    try:
        model = load_class(made.import_path)()
        known = set(model.get_params())
    except SpecError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a third party's class raises, the user must read it
        raise SpecError(f"The model {name} cannot be made from {made.import_path}: {_say(error)}.") from None
    for method in ("fit", "predict", "set_params"):
        if not hasattr(model, method):
            raise SpecError(f"The model {name} ({made.import_path}) has no method {method}.")
    for parameter in [*parameters, *made.fixed]:
        if parameter not in known:
            raise SpecError(f"The model {name} has no parameter {parameter!r}.", nearest(parameter, known))
    stepped = made.steps.partition(":")[2] if made.steps else ""
    counted = {stepped} if stepped else {"max_iter", "epochs"} if made.steps else set()
    for twice in sorted(counted & {*parameters, *made.fixed}):
        raise SpecError(
            f"The model {name}: {twice} is the fidelity and cannot be varied or fixed too.",
            f'Leave {twice} out, or use fidelity = "fraction".',
        )


def build(made: Recipe, parameters: Mapping[str, Any], seed: int) -> Any:
    """Return an untrained model with a configuration; `random_state` is the seed where the model has one."""
    maker = load_class(made.import_path)
    given = {**made.quiet, **made.fixed, **parameters}
    known = _parameters(made.import_path)
    if "random_state" in known and "random_state" not in given:
        given["random_state"] = seed
    # HistGradientBoosting stops early by itself on large data, by a validation split of its own; then the trees of a
    # low fidelity would not be the first trees of the full one.
    if made.steps == "warm_start:max_iter" and "early_stopping" in known and "early_stopping" not in given:
        given["early_stopping"] = False
    if isinstance(maker, type) and not any("__" in name for name in given):
        return maker(**given)  # the same as set_params, which looks at the signature every time
    return maker().set_params(**given)


@cache
def _parameters(import_path: str) -> frozenset[str]:
    return frozenset(load_class(import_path)().get_params())


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip().rstrip(".")


def check_missing(made: Recipe, name: str, data: DataSet) -> None:
    """Check that a model trains on missing values where a data set has some.

    Raises:
        SpecError: it says of itself that it does not.
    """
    count = data.missing_count
    if not count or takes_missing(made):
        return
    raise SpecError(
        f"The model {name} does not train on missing values, and the data set {data.name} has {count:,}.",
        "Fill them in, leave these columns out (ignore), take hist_gradient_boosting, xgboost or lightgbm, or import a "
        "pipeline that begins with an imputer.",
    )


def takes_missing(made: Recipe) -> bool:
    """Return whether a model says that it trains on missing values, as scikit-learn's tags have it.

    A class without such tags says nothing, which is no.

    Raises:
        SpecError: it refuses what is fixed.
    """
    from sklearn.utils import get_tags

    try:
        model = load_class(made.import_path)()
        model.set_params(**made.fixed)
    except SpecError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a third party's class raises, the user must read it
        raise SpecError(f"The model cannot be made from {made.import_path}: {_say(error)}.") from None
    try:
        return bool(get_tags(model).input_tags.allow_nan)
    except (AttributeError, TypeError, ValueError, NotImplementedError):
        return False
