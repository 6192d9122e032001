"""What an evaluation consists of: groups (model, data set, seed, fold) times configurations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hpowh.analyses.evaluate.data import DataSet, check_folds
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.metrics import MetricInfo, check_metrics, metric_info
from hpowh.analyses.evaluate.models import Recipe, check, check_missing, recipe
from hpowh.analyses.evaluate.spaces import Dimension, Space, sample
from hpowh.analyses.evaluate.spec import Spec
from hpowh.analyses.evaluate.storing.layout import Layout

FORMAT = 1
"""Raised whenever the files of a run folder change their meaning."""
FORMAT_OF_CONDITIONS = 2
"""Of a folder with a conditional search space: who does not know conditions must not read it."""


@dataclass(frozen=True, kw_only=True)
class PlannedModel:
    """One model with all that its evaluations need."""

    name: str
    recipe: Recipe
    space: Space
    ranks: Sequence[int]
    fidelity: str
    fidelities: tuple[float, ...]


@dataclass(frozen=True)
class Group:
    """Evaluations that share a model, a data set, a seed and a fold; configurations are what differs."""

    model: int
    data: int
    seed: int
    fold: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that is to be evaluated; small, so that it travels to the workers."""

    name: str
    models: tuple[PlannedModel, ...]
    data: tuple[str, ...]
    """Names of the data sets."""
    digests: tuple[str, ...]
    """What is in them."""
    task: str
    class_counts: tuple[int | None, ...]
    """Classes of each data set; None for regression."""
    metrics: tuple[MetricInfo, ...]
    seeds: tuple[int, ...]
    folds: int
    validation: float | None
    sample_seed: int

    @property
    def groups(self) -> list[Group]:
        """All groups, in the order in which they are numbered."""
        return [
            Group(model, data, seed, fold)
            for model in range(len(self.models))
            for data in range(len(self.data))
            for seed in self.seeds
            for fold in range(self.folds)
        ]

    @property
    def layout(self) -> Layout:
        """What the run folder needs of this plan."""
        return Layout(
            groups=tuple((group.model, group.data, group.seed, group.fold) for group in self.groups),
            ranks=tuple(model.ranks for model in self.models),
            spaces=tuple(self.space_name(number) for number in range(len(self.models))),
            benchmarks=tuple(
                tuple(self.benchmark_name(model, data) for data in range(len(self.data)))
                for model in range(len(self.models))
            ),
            fidelities=tuple(model.fidelities for model in self.models),
            splits=tuple(self.splits),
            metrics=tuple((metric.name, metric.sign) for metric in self.metrics),
        )

    @property
    def splits(self) -> list[str]:
        """The splits that losses are measured on, in the order of the results."""
        return ["train", "valid", "test"] if self.validation else ["train", "test"]

    @property
    def unit_count(self) -> int:
        """How many (configuration, data set, seed, fold) there are."""
        each = len(self.data) * len(self.seeds) * self.folds
        return sum(len(model.ranks) for model in self.models) * each

    @property
    def training_count(self) -> int:
        """How many trainings that are: one a fidelity, or one for all where a model trains step by step."""
        each = len(self.data) * len(self.seeds) * self.folds
        return sum(len(m.ranks) * (1 if m.recipe.steps else len(m.fidelities)) for m in self.models) * each

    @property
    def configuration_count(self) -> int:
        """How many configurations there are, over all models."""
        return sum(len(model.ranks) for model in self.models)

    def space_name(self, model: int) -> str:
        """The search space of a model in the warehouse."""
        return f"{self.name}-{self.models[model].name}"

    def benchmark_name(self, model: int, data: int) -> str:
        """The benchmark in the warehouse: a model on a data set."""
        return f"{self.space_name(model)}/{self.data[data]}"

    @property
    def fingerprint(self) -> str:
        """Hash of all that the numbers depend on; limits and workers are not part of it."""
        models = [
            (m.name, m.recipe.import_path, sorted(map(repr, m.recipe.fixed.items())), m.recipe.scale, m.recipe.steps,
             [(d.name, d.levels, d.kind, d.value_type, d.scale, *_condition(d)) for d in m.space.dimensions], _ranks(m),
             m.fidelity, m.fidelities)
            for m in self.models
        ]  # fmt: skip
        facts = (
            FORMAT, self.name, models, self.data, self.digests, self.task, self.metrics, self.seeds, self.folds,
            self.validation,
        )  # fmt: skip
        return sha256(repr(facts).encode()).hexdigest()

    def describe(self) -> list[str]:
        """Return what is going to be done, as sentences with counts."""
        lines = []
        for model in self.models:
            count, there = len(model.ranks), model.space.configuration_count
            share = "the whole grid" if count == there else f"of {there:,}"
            if model.space.is_conditional:
                share += f"; {model.space.cardinality:,} cells, those that differ in what is inactive only are one"
            lines.append(f"{model.name}: {count:,} configurations ({share}), {model.fidelity} {_listed(model)}.")
            lines += _conditions(model.space)
        parts = f"{len(self.data)} data sets x {len(self.seeds)} seeds x {self.folds} folds"
        lines.append(f"{self.configuration_count:,} configurations x {parts}: {self.training_count:,} trainings.")
        return lines


def _condition(of: Dimension) -> tuple[Any, ...]:
    """Return what makes a hyperparameter active and where it stands elsewhere; nothing where it always is."""
    return (of.needs, of.default_level) if of.needs else ()


def _conditions(space: Space) -> list[str]:
    """Return a sentence for each conditional hyperparameter."""
    found = []
    for one in space.dimensions:
        if one.needs:
            others = [(space.dimensions[at], levels) for at, levels in one.needs]
            when = " and ".join(f"{o.name} is {' or '.join(str(o.levels[at]) for at in at_)}" for o, at_ in others)
            default = one.levels[one.default_level]
            found.append(f"  {one.name} is active where {when}; a step that makes it active arrives at {default}.")
    return found


def _ranks(model: PlannedModel) -> str:
    if isinstance(model.ranks, range):
        return repr(model.ranks)
    return sha256(json.dumps(list(model.ranks)).encode()).hexdigest()


def _listed(model: PlannedModel) -> str:
    return ", ".join(f"{fidelity:g}" for fidelity in model.fidelities)


def make_plan(spec: Spec, data: Sequence[DataSet]) -> Plan:
    """Return the plan of a spec, after checking that models, parameters, metrics and data go together.

    Raises:
        SpecError: something does not exist (names the nearest) or does not go together.
    """
    tasks = {one.task for one in data}
    if len(tasks) > 1:
        named = ", ".join(f"{one.name} ({one.task})" for one in data)
        raise SpecError(f"The data sets are for different tasks: {named}.", "Write one spec for each task.")
    task = tasks.pop()
    metrics = [metric_info(name) for name in spec.metrics]
    if len({metric.name for metric in metrics}) != len(metrics):
        raise SpecError("A metric is named twice, once with neg_ before it.")
    models = []
    for model in spec.models:
        made = recipe(model.kind, model.import_path, task, model.fixed, model.fidelity, model.scale)
        check(made, [dimension.name for dimension in model.space.dimensions], model.name)
        ranks = sample(model.space, model.sample, model.configurations, spec.sample_seed)
        models.append(
            PlannedModel(
                name=model.name,
                recipe=made,
                space=model.space,
                ranks=ranks,
                fidelity=model.fidelity,
                fidelities=model.fidelities,
            )
        )
    for one in data:
        for planned in models:
            check_missing(planned.recipe, planned.name, one)
        check_folds(one, spec.folds)
        check_metrics(metrics, one.features, one.target, is_classification=task == "classification", data=one.name)
    return Plan(
        name=spec.name,
        models=tuple(models),
        data=tuple(one.name for one in data),
        digests=tuple(one.digest for one in data),
        task=task,
        class_counts=tuple(len(one.classes) or None for one in data),
        metrics=tuple(metrics),
        seeds=spec.seeds,
        folds=spec.folds,
        validation=spec.validation,
        sample_seed=spec.sample_seed,
    )


def _stored_condition(of: Dimension, space: Space) -> dict[str, Any]:
    if not of.needs:
        return {}
    needs = [{"name": space.dimensions[at].name, "levels": list(levels)} for at, levels in of.needs]
    return {"requires": needs, "default": of.default_level}


def manifest(plan: Plan, features: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return what the run folder says about itself; the warehouse's source reads it.

    Args:
        features: the meta-features of each data set.
    """
    return {
        "format": FORMAT_OF_CONDITIONS if any(m.space.is_conditional for m in plan.models) else FORMAT,
        "name": plan.name,
        "fingerprint": plan.fingerprint,
        "unit_count": plan.unit_count,
        "metrics": [
            {"name": m.name, "direction": m.direction, "lower": m.lower, "upper": m.upper, "unit": m.unit}
            for m in plan.metrics
        ],
        "spaces": [
            {
                "name": plan.space_name(i),
                "hyperparameters": [
                    {
                        "name": d.name,
                        "kind": d.kind,
                        "value_type": d.value_type,
                        "scale": d.scale,
                        "levels": d.stored,
                        **_stored_condition(d, model.space),
                    }
                    for d in model.space.dimensions
                ],
            }
            for i, model in enumerate(plan.models)
        ],
        "benchmarks": [
            {
                "name": plan.benchmark_name(i, j),
                "features": {"model": model.name, "data_set": data, "task": plan.task, **features[j]},
            }
            for i, model in enumerate(plan.models)
            for j, data in enumerate(plan.data)
        ],
    }
