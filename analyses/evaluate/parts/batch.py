"""Array jobs of batch schedulers: the script that submits all parts of a spec, and the collector after them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from hpowh.analyses.evaluate.parts.durations import clock_of

LEAST_WALL = 600
START = 120.0
"""Seconds that a task is granted for its start."""
SAFETY = 1.5
"""A forecast from a dozen units a kind may be wrong by so much."""
WARNING = 60
"""Seconds before the end at which SIGTERM is asked for."""


@dataclass(frozen=True, kw_only=True)
class ArrayJob:
    """What is to be submitted."""

    name: str
    command: tuple[str, ...]
    """How hpowh is called, by absolute paths."""
    spec: Path
    folder: Path
    """The shared folder."""
    warehouse: Path
    parts: int
    jobs: int
    """Worker processes of each part."""
    wall: int
    """Seconds that the scheduler grants each task."""
    rounds: int
    """How many times the array is submitted, one after the other: a part whose time is up goes on in the next."""

    seconds: float
    """What all of it takes one process, by the forecast."""

    @property
    def limit(self) -> int:
        """Seconds after which a part ends by itself, in order."""
        return self.wall - max(WARNING, min(300, self.wall // 20))

    def work(self, part: str) -> str:
        """Return the command of one task."""
        words = ("evaluate", self.spec, "--out", self.folder, "--part", part, "--jobs", self.jobs)
        return shlex.join(map(str, (*self.command, *words, "--time-limit", clock_of(self.limit), "--yes")))

    @property
    def home(self) -> str:
        """Return the command that brings home what was found."""
        words = (*self.command, "collect", self.folder, "--warehouse", self.warehouse, "--wait", 600)
        return shlex.join(map(str, words))

    @property
    def logs(self) -> Path:
        """Where the tasks' output goes."""
        return self.folder.with_name(f"{self.folder.name}.logs")


def wall_and_rounds(seconds: float, parts: int, jobs: int, most: int | None) -> tuple[int, int]:
    """Return the seconds to ask for, and how many arrays one after the other the work takes.

    Args:
        seconds: the forecast of one process.
        most: seconds that a task may be granted; None: as many as it takes.
    """
    each = START + SAFETY * seconds / (parts * jobs)
    wanted = max(LEAST_WALL, 60 * ceil(each / 60))
    if most is None or wanted <= most:
        return wanted, 1
    useful = max(1.0, most * 0.9 - START)
    return most, ceil((each - START) / useful)


def script(kind: str, job: ArrayJob) -> str:
    """Return the script for one kind of scheduler. Raises KeyError for another kind."""
    make = KINDS[kind]
    parts, jobs = f"{job.parts:,} parts", f"{job.jobs} {'process' if job.jobs == 1 else 'processes'} each"
    return f"""#!/bin/bash
# hpowh: {job.name} in {parts}, {jobs}, at most {clock_of(job.wall)} a task, then the collector.
# Run this on the login node: bash FILE. Again after trouble: what is done is not done twice.
set -euo pipefail
mkdir -p {shlex.quote(str(job.logs))}
after=""
for round in $(seq {job.rounds}); do
{make(job)}"""


def _slurm(job: ArrayJob) -> str:
    logs = shlex.quote(str(job.logs))
    return f"""  id=$(sbatch --parsable $after \\
    --output={logs}/part-%a.log --error={logs}/part-%a.log --open-mode=append <<'TASK'
#!/bin/bash
#SBATCH --job-name=hpowh-{job.name}
#SBATCH --array=1-{job.parts}
#SBATCH --time={clock_of(job.wall)}
#SBATCH --cpus-per-task={job.jobs}
#SBATCH --signal=B:TERM@{WARNING}
#SBATCH --requeue
exec {job.work("auto")}
TASK
  )
  after="--dependency=afterany:${{id%%;*}}"
done
sbatch $after --output={logs}/collect.log <<'HOME'
#!/bin/bash
#SBATCH --job-name=hpowh-{job.name}-collect
#SBATCH --time={clock_of(3600)}
exec {job.home}
HOME
"""


def _pbs(job: ArrayJob) -> str:
    logs = shlex.quote(str(job.logs))
    return f"""  id=$(qsub $after -j oe -o {logs}/ <<'TASK'
#!/bin/bash
#PBS -N hpowh-{job.name[:9]}
#PBS -J 1-{job.parts}
#PBS -l walltime={clock_of(job.wall).replace("-", ":")}
#PBS -l select=1:ncpus={job.jobs}
#PBS -r y
exec {job.work(f"auto/{job.parts}")}
TASK
  )
  after="-W depend=afterany:$id"
done
qsub $after -j oe -o {logs}/ <<'HOME'
#!/bin/bash
#PBS -N hpowh-collect
#PBS -l walltime=1:00:00
exec {job.home}
HOME
"""


def _sge(job: ArrayJob) -> str:
    logs = shlex.quote(str(job.logs))
    slots = f"#$ -pe smp {job.jobs}\n" if job.jobs > 1 else ""
    return f"""  id=$(qsub -terse $after -j y -o {logs}/ <<'TASK'
#!/bin/bash
#$ -S /bin/bash
#$ -N hpowh-{job.name}
#$ -t 1-{job.parts}
#$ -l h_rt={job.wall}
#$ -r y
{slots}exec {job.work("auto")}
TASK
  )
  after="-hold_jid ${{id%%.*}}"
done
qsub $after -j y -o {logs}/ <<'HOME'
#!/bin/bash
#$ -S /bin/bash
#$ -N hpowh-{job.name}-collect
#$ -l h_rt=3600
exec {job.home}
HOME
"""


def _lsf(job: ArrayJob) -> str:
    logs = shlex.quote(str(job.logs))
    return f"""  id=$(bsub $after -oo {logs}/part-%I.log <<'TASK' | sed -n 's/^Job <\\([0-9]*\\)>.*/\\1/p'
#!/bin/bash
#BSUB -J "hpowh-{job.name}[1-{job.parts}]"
#BSUB -W {ceil(job.wall / 60)}
#BSUB -n {job.jobs}
#BSUB -R "span[hosts=1]"
#BSUB -wa TERM
#BSUB -wt {ceil(WARNING / 60)}
exec {job.work("auto")}
TASK
  )
  after="-w ended($id)"
done
bsub $after -oo {logs}/collect.log <<'HOME'
#!/bin/bash
#BSUB -J "hpowh-{job.name}-collect"
#BSUB -W 60
exec {job.home}
HOME
"""


KINDS: dict[str, Callable[[ArrayJob], str]] = {"slurm": _slurm, "pbs": _pbs, "sge": _sge, "lsf": _lsf}
