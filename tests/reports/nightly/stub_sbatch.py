"""A stand-in for `sbatch`: runs array tasks in turn with Slurm's environment, warns and kills them at the limit.

Time is counted in lines of the journals and not in seconds, so that nothing hangs on how fast a machine is:
$STUB_TERM = "TASK:LINES": SIGTERM, as at the end of its time, once the folder's journals have so many lines;
$STUB_KILL = "TASK:LINES": SIGKILL, as for a lost node. Each submission is written to $STUB_LOG.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

journals = Path(os.environ["STUB_FOLDER"]) / "journal"
log = Path(os.environ["STUB_LOG"])


def lines() -> int:
    return sum(path.read_bytes().count(b"\n") for path in journals.glob("*.jsonl")) if journals.is_dir() else 0


def end_at(process: subprocess.Popen, number: int) -> None:
    for name, what in (("STUB_TERM", signal.SIGTERM), ("STUB_KILL", signal.SIGKILL)):
        task, _, count = os.environ.get(name, "-1:0").partition(":")
        if int(task) == number:
            until = lines() + int(count)
            while process.poll() is None and lines() < until:
                time.sleep(0.02)
            process.send_signal(what)


submitted = len(log.read_text().splitlines()) if log.exists() else 0
text = sys.stdin.read()
options = dict(re.findall(r"^#SBATCH --([a-z-]+)=(.*)$", text, re.MULTILINE))
options |= dict(re.findall(r"--([a-z-]+)=(\S+)", " ".join(sys.argv[1:])))
first, last = map(int, options.get("array", "0-0").split("-"))
codes = []
for number in range(first, last + 1):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    if "array" in options:
        environment |= {
            "SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_MIN": str(first),
            "SLURM_ARRAY_TASK_MAX": str(last), "SLURM_ARRAY_TASK_COUNT": str(last - first + 1),
            "SLURM_ARRAY_JOB_ID": str(submitted + 1),
        }  # fmt: skip
    output = Path(options["output"].replace("%a", str(number)))
    with output.open("ab") as told:
        process = subprocess.Popen(["bash", "-c", text], env=environment, stdout=told, stderr=told)
        end_at(process, number)
        codes.append(process.wait())
with log.open("a") as told:
    told.write(json.dumps({"options": options, "codes": codes, "arguments": sys.argv[1:]}) + "\n")
print(submitted + 1 if "--parsable" in sys.argv else f"Submitted batch job {submitted + 1}")
