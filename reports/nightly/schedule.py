"""Files that let the machine run `hpowh nightly` every night: systemd, cron, GitHub, GitLab."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hpowh.reports.nightly.config import read_config
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.output.targets import refuse_precious, written_file

NAME = "hpowh-nightly"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to run, when, where."""

    hour: int
    minute: int
    config: Path
    """The configuration, absolute; the job runs in its folder."""
    warehouse: Path
    site: Path
    builds: Path
    command: tuple[str, ...]


def scheduled(kind: str, at: str, config: Path) -> dict[str, str]:
    """Return file name -> content for one kind of scheduler.

    Raises:
        UsageError: the kind, the time or the configuration is not understood.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no scheduler {kind!r}.", f"One of: {', '.join(KINDS)}.")
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at)
    if not found:
        raise UsageError(f"--at {at}: not a time.", "Write hours and minutes: --at 03:30")
    read = read_config(config)
    job = Job(
        hour=int(found[1]),
        minute=int(found[2]),
        config=read.file,
        warehouse=read.warehouse,
        site=read.site,
        builds=read.builds,
        command=_program(),
    )
    for place in (job.config, *map(Path, job.command)):
        if re.search(r"[\x00-\x1f]", str(place)):
            raise UsageError(f"{str(place)!r} has a control character in its name.", "Move it to another place.")
    return KINDS[kind](job)


def _program() -> tuple[str, ...]:
    """Return how this program is called, by absolute paths: a scheduler has another PATH."""
    beside = Path(sys.executable).with_name("hpowh")
    found = str(beside) if beside.is_file() else shutil.which("hpowh")
    return (found,) if found else (sys.executable, "-m", "hpowh.warehouse")


def array_script(
    kind: str,
    spec: Path | None,
    *,
    parts: int,
    jobs: int,
    most: str | None,
    shared: Path | None,
    warehouse: Path | None,
    notify: Callable[[str], None],
) -> dict[str, str]:
    """Return the script that submits a spec's parts and the collector after them, as file name -> content.

    The shared folder is made, and up to half a minute of units is measured, for the walltime.

    Raises:
        UsageError: there is no such scheduler, no spec, or the spec is wrong.
        HpowhError: there is no warehouse, or the shared folder holds something else.
    """
    from hpowh.analyses.evaluate.job import prepare
    from hpowh.analyses.evaluate.parts.batch import KINDS as BATCH
    from hpowh.analyses.evaluate.parts.batch import script
    from hpowh.analyses.evaluate.parts.durations import clock_of
    from hpowh.analyses.evaluate.parts.job import array_job
    from hpowh.analyses.evaluate.progress import duration
    from hpowh.warehouse.console import open_warehouse

    if kind not in BATCH:
        raise UsageError(f"{kind!r} takes no spec: array jobs are for {', '.join(BATCH)}.", "Leave the spec out.")
    if spec is None:
        raise UsageError(f"What is {kind} to do?", f"Name a spec: hpowh schedule {kind} grid.toml --parts 100")
    prepared = prepare(spec)
    with open_warehouse(warehouse) as store:
        home = store.path
    folder = shared or Path(f"{prepared.plan.name}-evaluated")
    job = array_job(prepared, folder, command=_program(), spec=spec, warehouse=home, parts=parts, jobs=jobs, most=most)
    for place in (job.spec, job.folder, job.warehouse, *map(Path, job.command)):
        if re.search(r"[\x00-\x1f]", str(place)):
            raise UsageError(f"{str(place)!r} has a control character in its name.", "Move it to another place.")
    rounds = "" if job.rounds == 1 else f", {job.rounds} arrays one after the other"
    asked = f"{parts:,} parts of {jobs} ask for {clock_of(job.wall)} each{rounds}"
    notify(f"By the forecast {duration(job.seconds)} of one process; {asked}.")
    return {f"{NAME.removesuffix('-nightly')}-{kind}.sh": script(kind, job)}


def write_files(files: Mapping[str, str], folder: Path, *, force: bool) -> list[Path]:
    """Write files into a folder and return their paths; what hpowh did not make is not overwritten unless `force`.

    Raises:
        UsageError: such a file is there.
        HpowhError: it cannot be written.
    """
    paths = [folder / name for name in files]
    for path in paths:
        refuse_precious(path, option="--out", force=force)
    for path, text in zip(paths, files.values(), strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HpowhError(f"Cannot write {error.filename}: {error.strerror}.") from None
        with written_file(path, option="--out", force=force) as place:
            place.write_text(text, encoding="utf-8")
    return paths


def _systemd(job: Job) -> dict[str, str]:
    """A service and the timer that starts it; see systemd.service(5), systemd.timer(5), systemd.time(7)."""
    command = " ".join(_systemd_word(word) for word in (*job.command, "nightly", "--config", str(job.config)))
    return {
        f"{NAME}.service": f"""[Unit]
Description=hpowh: nightly build of {_systemd_text(job.site)}

[Service]
Type=oneshot
WorkingDirectory={_systemd_text(job.config.parent)}
ExecStart={command}
Nice=10
""",
        f"{NAME}.timer": f"""[Unit]
Description=hpowh: every night at {job.hour:02}:{job.minute:02}

[Timer]
OnCalendar=*-*-* {job.hour:02}:{job.minute:02}:00
Persistent=true

[Install]
WantedBy=timers.target
""",
    }


def _systemd_text(value: object) -> str:
    """Write a value that is not split into words: only `%` means something in it."""
    return str(value).replace("%", "%%")


def _systemd_word(word: str) -> str:
    """Quote one word of ExecStart; `%` and `$` mean something there."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if re.search(r"[^\w./:=@%+,-]", text) else text


def _cron(job: Job) -> dict[str, str]:
    """One line of a crontab (crontab(5)): `%` would end the command; the log holds what the job says."""
    words = shlex.join([*job.command, "nightly", "--config", str(job.config)])
    log = shlex.quote(str(job.config.with_name("nightly.log")))
    line = f"cd {shlex.quote(str(job.config.parent))} && {words} >> {log} 2>&1".replace("%", "\\%")
    return {"crontab": f"# hpowh: nightly build; install with crontab -e\n{job.minute} {job.hour} * * * {line}\n"}


def _inside(job: Job) -> dict[str, str]:
    """Return the paths that a CI job needs, relative to the configuration's folder, which is its checkout."""
    found = {}
    for name, path in (("warehouse", job.warehouse), ("site", job.site), ("builds", job.builds)):
        if not path.is_relative_to(job.config.parent):
            raise UsageError(
                f"The {name} {path} lies outside {job.config.parent}, which a CI job cannot reach.",
                "Name places inside the repository.",
            )
        found[name] = path.relative_to(job.config.parent).as_posix()
        if not re.fullmatch(r"[\w./-]+", found[name]):
            raise UsageError(f"The {name} {found[name]!r} would have to be quoted in YAML.", "Use plain names.")
    return found


def _github(job: Job) -> dict[str, str]:
    """A workflow of GitHub Actions; the warehouse and the builds travel in a cache from night to night."""
    paths = _inside(job)
    return {
        f".github/workflows/{NAME}.yml": f"""name: hpowh nightly

on:
  schedule:
    - cron: "{job.minute} {job.hour} * * *"
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: {NAME}

jobs:
  nightly:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: pip install hpowh
      - uses: actions/cache@v4
        with:
          path: |
            {paths["warehouse"]}
            {paths["builds"]}
            {paths["site"]}
          key: {NAME}-${{{{ github.run_id }}}}
          restore-keys: {NAME}-
      - run: hpowh nightly --config {job.config.name}
      - name: The site as files, not as a link
        if: always()
        run: cp -RL {paths["site"]} report-of-the-night
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: report
          path: |
            report-of-the-night
            {paths["site"]}.nightly.json
"""
    }


def _gitlab(job: Job) -> dict[str, str]:
    """A job of GitLab CI for a pipeline schedule, which is made in the project's settings."""
    paths = _inside(job)
    return {
        f"{NAME}.gitlab-ci.yml": f"""# Include this in .gitlab-ci.yml, and make a pipeline schedule:
# Build > Pipeline schedules, cron "{job.minute} {job.hour} * * *", timezone UTC.
{NAME}:
  image: python:3.11
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
  resource_group: {NAME}
  cache:
    key: {NAME}
    paths:
      - {paths["warehouse"]}
      - {paths["builds"]}
      - {paths["site"]}
  script:
    - pip install hpowh
    - hpowh nightly --config {job.config.name}
  after_script:
    - cp -RL {paths["site"]} report-of-the-night
  artifacts:
    when: always
    paths:
      - report-of-the-night
      - {paths["site"]}.nightly.json
"""
    }


KINDS: dict[str, Callable[[Job], dict[str, str]]] = {
    "systemd": _systemd,
    "cron": _cron,
    "github": _github,
    "gitlab": _gitlab,
}
