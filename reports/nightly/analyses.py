"""Analyses as `hpowh.toml` declares them: the commands of `hpowh analyse`, with their options as keys."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import HpowhError, UsageError

if TYPE_CHECKING:
    from hpowh.warehouse import Warehouse

DEFAULT_JOBS = {"traces": "core.experiment", "landscapes": "core.evaluation", "sweeps": "core.sweep"}
"""Those that need no question: they run where the file declares no analysis and the table has rows."""
OWN_KEYS = ("job", "name")
NOT_KEYS = ("warehouse", "wait", "as_json", "part", "packets")
"""Options that the nightly build gives itself, or that leave results outside the warehouse."""
WITHOUT_RESULT = ("compare", "map")
"""Commands that store nothing."""


@dataclass(frozen=True)
class Analysis:
    """One declared analysis: a command of `hpowh analyse` and its arguments."""

    name: str
    job: str
    arguments: tuple[str, ...]
    needs: str = ""
    """Left out while this table has no rows; empty: it always runs, and fails where there is nothing to analyse."""


@dataclass
class Analysed:
    """What came of one declared analysis."""

    subject_count: int = 0
    """What it was about: experiments, landscapes and families of them, sweeps."""
    computed: list[str] = field(default_factory=list)
    """`job: subject` of the analysis runs that were made now; the others stood."""
    refused: list[str] = field(default_factory=list)
    """Sentences on subjects that the data did not allow to analyse."""


@cache
def commands() -> dict[str, Any]:
    """Return the commands of `hpowh analyse` that store results, by name."""
    import typer

    from hpowh.analyses.cli import FAMILIES

    group = typer.Typer()
    for family in FAMILIES:
        family.register(group)
    found: dict[str, Any] = typer.main.get_command(group).commands  # type: ignore[attr-defined]
    return {name: command for name, command in found.items() if name not in WITHOUT_RESULT}


def declared_analyses(file: Path, entries: Sequence[Mapping[str, Any]] | None) -> list[Analysis]:
    """Return the analyses of a configuration file, their options checked.

    Raises:
        UsageError: a job or key is unknown, or a value cannot be read.
    """
    if entries is None:
        return [Analysis(job, job, (), needs) for job, needs in DEFAULT_JOBS.items()]
    found = [_declared(f"{file}: analysis {number}", entry) for number, entry in enumerate(entries, start=1)]
    names = [one.name for one in found]
    return [
        one if names.count(one.name) == 1 else Analysis(f"{one.name} ({number})", one.job, one.arguments)
        for number, one in enumerate(found, start=1)
    ]


def _declared(where: str, entry: Mapping[str, Any]) -> Analysis:
    job = entry.get("job")
    if job not in commands():
        raise UsageError(f"{where}: there is no job {job!r}.", f"Jobs: {', '.join(sorted(commands()))}.")
    options: list[str] = []
    positional: dict[str, str] = {}
    known = {_key(parameter): parameter for parameter in commands()[job].params if parameter.name not in NOT_KEYS}
    for key, value in entry.items():
        if key in OWN_KEYS:
            continue
        parameter = known.get(key)
        if parameter is None:
            raise UsageError(f"{where}: {job} has no option {key!r}.", f"Options: {', '.join(known)}.")
        if parameter.param_type_name == "argument":
            positional[key] = str(value)
        else:
            options += _option(f"{where}: {key}", parameter, value)
    ordered = [positional[key] for key, p in known.items() if p.param_type_name == "argument" and key in positional]
    arguments = (*options, *(["--", *ordered] if ordered else []))
    _check(where, job, arguments)
    return Analysis(str(entry.get("name", job)), job, arguments)


def _key(parameter: Any) -> str:
    """Return what a parameter is called in the file: its long option with underscores, or the argument's name."""
    if parameter.param_type_name == "argument":
        return str(parameter.name)
    long = next(option for option in parameter.opts if option.startswith("--"))
    return str(long).removeprefix("--").replace("-", "_")


def _option(where: str, parameter: Any, value: Any) -> list[str]:
    """Write one value as options of the command line."""
    flag = next(option for option in parameter.opts if option.startswith("--"))
    if parameter.is_flag:
        if not isinstance(value, bool):
            raise UsageError(f"{where} is true or false, not {value!r}.")
        return [flag] if value else list(parameter.secondary_opts[:1])
    if isinstance(value, Mapping):
        value = [f"{name}={one}" for name, one in value.items()]
    if isinstance(value, list):
        texts = [_text(where, one) for one in value]
        return [f"{flag}={text}" for text in texts] if parameter.multiple else [f"{flag}={','.join(texts)}"]
    return [f"{flag}={_text(where, value)}"]


def _text(where: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where} cannot be {value!r}.", "Give a text or a number.")
    return str(value)


def _check(where: str, job: str, arguments: Sequence[str]) -> None:
    try:
        commands()[job].make_context(job, list(arguments))
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise UsageError(f"{where}: {error.format_message()}", f"See: hpowh analyse {job} --help") from None


def run_analysis(warehouse: Warehouse, analysis: Analysis) -> Analysed:
    """Run one declared analysis on what changed; what stands is left alone.

    Raises:
        HpowhError: it failed; says why.
    """
    if analysis.needs and not warehouse.sql(f"select count(*) from {analysis.needs}").one():
        return Analysed()
    before = warehouse.sql("select coalesce(max(analysis_run_id), 0) from ops.analysis_run").one()
    warehouse.close()
    given = ["--warehouse", str(warehouse.path), "--wait", f"{warehouse.wait:g}", "--json"]
    said, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(errors):
        code = commands()[analysis.job].main([*given, *analysis.arguments], standalone_mode=False)
    if isinstance(code, int) and code:
        raise HpowhError(f"It ended with the exit code {code}. {errors.getvalue().strip()}".strip())
    outcomes = _outcomes(said.getvalue())
    fresh = warehouse.sql(
        "select job || ': ' || subject from ops.analysis_run where analysis_run_id > ? order by analysis_run_id",
        [before],
    ).rows()
    refused = [f"{one.get('subject', '')}: {one['error']}" for one in outcomes if one.get("error")]
    return Analysed(len(outcomes), [name for (name,) in fresh], refused)


def _outcomes(text: str) -> list[dict[str, Any]]:
    """Return the outcomes that a command printed: one for each subject; a comparison of landscapes is a single one."""
    content = json.loads(text) if text.strip() else {"analyses": []}
    return content.get("analyses", [content]) if isinstance(content, dict) else [{}]
