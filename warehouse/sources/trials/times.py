"""When trials began and ended, from the ways in which tables say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.trials.plan import Plan
from hpowh.warehouse.sources.trials.rows import Rows

Span = tuple[datetime | None, datetime | None]


@dataclass
class Times:
    """Start and end per row position; where one is absent, duration and the other give it."""

    spans: dict[int, Span] = field(default_factory=dict)
    lengths: dict[int, float] = field(default_factory=dict)
    """Seconds, of the rows that say a duration."""
    refused: set[int] = field(default_factory=set)
    note: str | None = None

    def of(self, position: int) -> Span:
        """Return start and end of the row's trial."""
        return self.spans[position]


def read_times(rows: Rows, plan: Plan, problems: list[Problem], zone: tzinfo = UTC) -> Times:
    """Return the times of all rows; a cell that is no time refuses its row.

    A time is ISO 8601, or seconds (or milliseconds) since 1970; a duration is seconds, or `1 days 02:03:04.5`.
    """
    columns = {role: plan.column(role) for role in ("started", "ended", "duration")}
    times = Times()
    is_naive, later = False, 0
    for position, row in zip(rows.positions, rows.rows, strict=True):
        found: dict[str, Any] = {}
        for role, column in columns.items():
            value = row.get(column) if column else None
            if value is None or str(value).strip().lower() in ("", "nan", "nat"):
                continue
            try:
                found[role] = duration(value) if role == "duration" else moment(value, zone)
                is_naive |= role != "duration" and _is_naive(value)
            except (ValueError, OverflowError, OSError):
                what = "duration in seconds" if role == "duration" else "time (ISO 8601, or seconds since 1970)"
                problems.append(Problem(position, str(column), str(value)[:200], f"it is no {what}"))
                times.refused.add(position)
        length = found.get("duration")
        started, ended, moved = _agreeing(found, {role: row.get(columns[role] or "") for role in found}, zone)
        later += moved
        if started is not None and ended is not None and ended < started:
            why = "it ends before it starts"
            problems.append(Problem(position, str(columns["ended"]), str(row.get(columns["ended"] or ""))[:200], why))
            times.refused.add(position)
        if length is not None and started is not None and ended is None:
            ended = started + length
        elif length is not None and ended is not None and started is None:
            started = ended - length
        if length is not None:
            times.lengths[position] = length.total_seconds()
        times.spans[position] = (started, ended)
    if is_naive:
        times.note = f"Times in the file have no zone; read as {zone}."
        if later:
            hours = "1 time" if later == 1 else f"{later:,} times"
            times.note += f" In the night when the clock goes back, {hours} took the later reading, after the start."
    return times


def _agreeing(
    found: dict[str, Any], cells: dict[str, Any], zone: tzinfo
) -> tuple[datetime | None, datetime | None, int]:
    """Return start and end, and how many took the later reading of an hour that the clock has twice.

    Both readings of each are tried where the end would lie before the start, or a duration says otherwise.
    """
    started, ended, length = found.get("started"), found.get("ended"), found.get("duration")
    if started is None or ended is None or (ended >= started and length is None):
        return started, ended, 0

    def misfit(reading: tuple[int, int]) -> tuple[bool, float, int]:
        first, last = both(reading)
        off = abs((last - first - length).total_seconds()) if length is not None else 0.0
        return last < first, off, sum(reading)

    def both(reading: tuple[int, int]) -> tuple[datetime, datetime]:
        return moment(cells["started"], zone, fold=reading[0]), moment(cells["ended"], zone, fold=reading[1])

    best = min(((a, b) for a in (0, 1) for b in (0, 1)), key=misfit)
    first, last = both(best)
    return first, last, int(first != started) + int(last != ended)


def moment(value: Any, zone: tzinfo, *, fold: int = 0) -> datetime:
    """Return a time in UTC. Raises ValueError where it is none.

    Args:
        fold: 1 for the later reading of a local time that the clock has twice.
    """
    if isinstance(value, datetime):
        found = value
    else:
        try:
            number = float(value)
        except (TypeError, ValueError):
            found = datetime.fromisoformat(str(value).strip())
        else:
            found = datetime.fromtimestamp(number / 1000 if abs(number) > 1e11 else number, UTC)
    return (found if found.tzinfo else found.replace(tzinfo=zone, fold=fold)).astimezone(UTC)


def _is_naive(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is None
    try:
        float(value)
    except (TypeError, ValueError):
        return datetime.fromisoformat(str(value).strip()).tzinfo is None
    return False


def duration(value: Any) -> timedelta:
    """Return a length of time. Raises ValueError where it is none."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    try:
        return timedelta(seconds=float(text))
    except ValueError:
        days, _, rest = text.partition(" days ") if " days " in text else ("0", "", text)
        hours, minutes, seconds = rest.split(":")
        return timedelta(int(days), float(seconds), hours=int(hours), minutes=int(minutes))


def zone_of(name: Any) -> tzinfo:
    """Return the zone that the option `time_zone` names; UTC by default.

    Raises:
        UsageError: there is no such zone.
    """
    if not name or str(name).upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"There is no time zone {name!r}.", "Give UTC or a name such as Europe/Berlin.") from None
