"""What `hpowh schedule` writes is what the schedulers themselves accept, and it runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hpowh.reports.nightly import schedule
from hpowh.reports.nightly.schedule import scheduled, write_files
from hpowh.warehouse.errors import UsageError


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration in a folder whose name wants quoting everywhere."""
    folder = tmp_path / "a b%c$d'e"
    folder.mkdir()
    (folder / "hpowh.toml").write_text("")
    return folder / "hpowh.toml"


def test_systemd_accepts_the_unit_and_the_timer(config, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: the units are NOT verified by systemd")
    files = scheduled("systemd", "03:05", config)
    paths = write_files(files, tmp_path / "units", force=False)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    about = [line for line in done.stderr.splitlines() if "hpowh-nightly" in line]
    assert done.returncode == 0 and about == [], done.stderr
    calendar = re.search(r"OnCalendar=(.*)", files["hpowh-nightly.timer"])
    assert calendar is not None
    shown = subprocess.run(
        ["systemd-analyze", "calendar", calendar[1]], capture_output=True, text=True, check=True, timeout=60
    )
    assert "03:05:00" in shown.stdout


def test_systemd_notices_a_broken_unit(config, tmp_path):
    """The verification above can fail."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = scheduled("systemd", "03:05", config)["hpowh-nightly.service"]
    path = tmp_path / "hpowh-nightly.service"
    path.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/absent/hpowh", text))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert "hpowh-nightly" in done.stderr


def test_the_line_of_cron_is_accepted_and_runs_as_cron_would_run_it(config, tmp_path):
    (line,) = [one for one in scheduled("cron", "3:05", config)["crontab"].splitlines() if not one.startswith("#")]
    minute, hour, *stars, rest = line.split(" ", 5)
    assert (minute, hour, stars) == ("5", "3", ["*"] * 3)
    command = rest.replace("\\%", "%")  # what cron makes of it
    assert "%" not in rest.replace("\\%", "")
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", check=False, timeout=120)
    assert done.returncode == 0, (config.parent / "nightly.log").read_text()
    assert (config.parent / "site" / "index.html").is_file()
    assert "is new" in (config.parent / "nightly.log").read_text()


def test_crontab_reads_the_file(config, tmp_path):
    """`crontab -n` (a dry run) checks the syntax; a wrong one is refused."""
    if shutil.which("crontab") is None:
        pytest.skip("crontab is not installed: the line is NOT checked by it")
    path = tmp_path / "crontab"
    for text, is_right in ((scheduled("cron", "23:59", config)["crontab"], True), ("99 99 * * * true\n", False)):
        path.write_text(text)
        done = subprocess.run(["crontab", "-n", str(path)], capture_output=True, text=True, check=False, timeout=60)
        if "invalid option" in done.stderr:
            pytest.skip("this crontab has no dry run")
        assert (done.returncode == 0) == is_right, done.stderr


def plain(tmp_path: Path) -> Path:
    (tmp_path / "hpowh.toml").write_text("[nightly]\nsite = 'public/report'\n")
    return tmp_path / "hpowh.toml"


def test_github_has_a_workflow_that_runs_at_that_time(tmp_path):
    ((name, text),) = scheduled("github", "03:05", plain(tmp_path)).items()
    assert name == ".github/workflows/hpowh-nightly.yml"
    content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - no types: `on` stays a text
    assert content["on"]["schedule"] == [{"cron": "5 3 * * *"}]
    steps = content["jobs"]["nightly"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert "hpowh nightly --config hpowh.toml" in runs and "cp -RL public/report report-of-the-night" in runs
    cached = next(step for step in steps if step.get("uses", "").startswith("actions/cache"))["with"]
    assert cached["path"].split() == ["hpowh.duckdb", "public/builds", "public/report"]
    assert cached["key"] == "hpowh-nightly-${{ github.run_id }}"


def test_gitlab_has_a_job_for_a_schedule(tmp_path):
    ((name, text),) = scheduled("gitlab", "03:05", plain(tmp_path)).items()
    job = yaml.safe_load(text)["hpowh-nightly"]
    assert name == "hpowh-nightly.gitlab-ci.yml"
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert "hpowh nightly --config hpowh.toml" in job["script"]
    assert 'cron "5 3 * * *"' in text


def test_places_out_of_a_ci_jobs_reach_are_refused(tmp_path):
    (tmp_path / "hpowh.toml").write_text("[nightly]\nwarehouse = '/elsewhere/w.duckdb'\n")
    for kind in ("github", "gitlab"):
        with pytest.raises(UsageError, match="lies outside"):
            scheduled(kind, "03:05", tmp_path / "hpowh.toml")
    (tmp_path / "hpowh.toml").write_text("[nightly]\nwarehouse = 'a: b'\n")
    with pytest.raises(UsageError, match="quoted in YAML"):
        scheduled("github", "03:05", tmp_path / "hpowh.toml")


@pytest.mark.parametrize("at", ["24:00", "3:5", "noon", "03:60", "03:30:00"])
def test_a_time_that_is_none_is_refused(config, at):
    with pytest.raises(UsageError, match="not a time"):
        scheduled("cron", at, config)


def test_an_unknown_scheduler_is_refused(config):
    with pytest.raises(UsageError, match="One of: systemd, cron, github, gitlab"):
        scheduled("launchd", "03:30", config)


def test_files_are_not_overwritten_unasked(config, tmp_path):
    files = scheduled("systemd", "03:30", config)
    write_files(files, tmp_path, force=False)
    write_files(files, tmp_path, force=False)  # hpowh made them
    (tmp_path / "hpowh-nightly.timer").write_text("changed by hand")
    with pytest.raises(UsageError, match="hpowh-nightly.timer would overwrite a file that hpowh did not make.*--force"):
        write_files(files, tmp_path, force=False)
    assert len(write_files(files, tmp_path, force=True)) == 2


def test_a_program_that_is_no_script_is_called_through_python(config, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(schedule.shutil, "which", lambda _: None)
    assert f"{tmp_path / 'python'} -m hpowh.warehouse nightly" in scheduled("cron", "03:30", config)["crontab"]


def test_the_command_prints_or_writes(config, tmp_path, hpowh):
    printed = hpowh("schedule", "systemd", "--config", str(config))
    assert "# hpowh-nightly.service" in printed.stdout and "OnCalendar=*-*-* 03:30:00" in printed.stdout
    written = hpowh("schedule", "cron", "--config", str(config), "--out", "here", "--at", "4:15")
    assert written.returncode == 0 and (tmp_path / "here" / "crontab").read_text().splitlines()[1].startswith("15 4 ")
