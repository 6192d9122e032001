"""What the results say at one time, in rows that survive until the next build compares them with its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

NEWEST = """
newest as (
  select *
  from ops.analysis_run
  where analysis_run_id in (select max(analysis_run_id) from ops.analysis_run group by job, subject, parameters)
)
"""

CONTRASTS = f"""
with {NEWEST},
direction as (
  select analysis_run_id, factor, any_value(direction) as direction
  from result.lmem_group where model = 'model' group by analysis_run_id, factor
)
select r.subject, concat_ws(' | ', left(md5(r.parameters), 8), c.factor, c.setting, c.contrast, c.method) as item,
  case
    when c.p_adjusted is null then null when c.p_adjusted >= 0.05 then 'none'
    when (c.estimate < 0) = (coalesce(d.direction, 'min') = 'min') then 'first' else 'second'
  end as verdict,
  c.estimate as value, c.lower, c.upper, c.p_adjusted as p_value,
  to_json({{
    first: coalesce(c.first, c.contrast), second: c.second, setting: c.setting, "by": 'mixed model',
    response: r.parameters->>'formula', budget: r.parameters->>'budget', "where": r.parameters->>'where'
  }})::varchar as context
from newest as r
join result.lmem_contrast as c on c.analysis_run_id = r.analysis_run_id and c.model = 'model'
left join direction as d on d.analysis_run_id = c.analysis_run_id and d.factor = c.factor
where r.job = 'mixed_models.fit'
"""
RANKINGS = f"""
with {NEWEST}
select r.subject, concat_ws(' | ', left(md5(r.parameters), 8), p.setting, p.test, p.first, p.second) as item,
  case
    when p.p_adjusted is null then null when p.p_adjusted >= 0.05 then 'none'
    when p.estimate < 0 then 'first' else 'second'
  end as verdict,
  p.estimate as value, null::double as lower, null::double as upper, p.p_adjusted as p_value,
  to_json({{
    first: p.first, second: p.second, setting: p.setting, "by": p.test, response: r.parameters->>'response',
    budget: null, "where": r.parameters->>'where'
  }})::varchar as context
from newest as r
join result.ranking_pair as p on p.analysis_run_id = r.analysis_run_id
where r.job = 'rankings' and p.probability_first is null
"""
WINNERS = f"""
with {NEWEST},
final as (
  select r.subject, t.setting, t.metric_id, t.algorithm_id,
    arg_max(t.normalized_regret_mean, t.position) as mean,
    arg_max(t.normalized_regret_lower, t.position) as lower,
    arg_max(t.normalized_regret_upper, t.position) as upper
  from newest as r
  join result.trace_overall as t on t.analysis_run_id = r.analysis_run_id
  where r.job = 'traces' and t.normalized_regret_mean is not null
  group by all
)
select f.subject, concat_ws(' | ', m.name, f.setting) as item, a.name as verdict, f.mean as value, f.lower, f.upper,
  null::double as p_value, to_json({{metric: m.name, setting: f.setting}})::varchar as context
from final as f
join core.algorithm as a on a.algorithm_id = f.algorithm_id
left join core.metric as m on m.metric_id = f.metric_id
qualify row_number() over (partition by f.subject, f.setting, f.metric_id order by f.mean, a.name) = 1
"""
IMPORTANCES = f"""
with {NEWEST}
select r.subject, concat_ws(' | ', m.name, i.method) as item, concat_ws(' x ', i.hyperparameter, i.hyperparameter_b)
  as verdict, i.importance as value, i.lower, i.upper, null::double as p_value,
  to_json({{metric: m.name, method: i.method}})::varchar as context
from newest as r
join result.sweep_importance as i on i.analysis_run_id = r.analysis_run_id and i.place = 1
join core.metric as m on m.metric_id = i.metric_id
where r.job = 'sweeps'
qualify row_number() over (partition by r.subject, i.metric_id, i.method order by i.hyperparameter) = 1
"""
LANDSCAPES = f"""
with {NEWEST}
select r.subject, l.name as item, null as verdict, l.value, l.lower, l.upper, null::double as p_value, '{{}}' as context
from newest as r
join result.landscape_metric as l on l.analysis_run_id = r.analysis_run_id
"""
COUNTS = """
select x.name as subject, 'runs of ' || a.name as item, null as verdict, count(*)::double as value,
  null::double as lower, null::double as upper, null::double as p_value,
  to_json({noun: 'run', "of": a.name, "in": 'experiment'})::varchar as context
from core.run as r
join core.experiment as x on x.experiment_id = r.experiment_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
group by x.name, a.name
union all
select s.name, 'trials', null, count(*)::double, null, null, null,
  to_json({noun: 'trial', "of": null, "in": 'sweep'})::varchar
from core.trial as t
join core.sweep as s on s.sweep_id = t.sweep_id
where s.sweep_id not in (select sweep_id from core.run where sweep_id is not null)
group by s.name
union all
select p.name, 'evaluations of ' || b.name, null, count(*)::double, null, null, null,
  to_json({noun: 'evaluation', "of": b.name, "in": 'search space'})::varchar
from core.evaluation as e
join core.search_space as p on p.search_space_id = e.search_space_id
join core.benchmark as b on b.benchmark_id = e.benchmark_id
group by p.name, b.name
"""
KINDS = {
    "count": COUNTS,
    "winner": WINNERS,
    "contrast": CONTRASTS,
    "ranking": RANKINGS,
    "landscape": LANDSCAPES,
    "importance": IMPORTANCES,
}


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """One thing that the results say: which algorithm is better, how rugged a landscape is, how many runs there are."""

    kind: str
    subject: str
    item: str
    """What of the subject: with kind and subject it identifies the conclusion in every build."""
    verdict: str | None = None
    """contrast, ranking: `first`, `second` or `none` is better; winner, importance: whose rank is 1."""
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    p_value: float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    """What a sentence about it needs."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it in every build."""
        return self.kind, self.subject, self.item


COLUMNS = ("kind", "subject", "item", "verdict", "value", "lower", "upper", "p_value", "context")


def read_conclusions(connection: duckdb.DuckDBPyConnection) -> list[Conclusion]:
    """Return what the newest results of every analysis say now."""
    found = []
    for kind, query in KINDS.items():
        for subject, item, verdict, value, lower, upper, p_value, context in connection.execute(
            f"select subject, item, verdict, value, lower, upper, p_value, context from ({query}) order by 1, 2"
        ).fetchall():
            given = json.loads(context)
            found.append(
                Conclusion(
                    kind=kind,
                    subject=subject,
                    item=item,
                    verdict=verdict,
                    value=value,
                    lower=lower,
                    upper=upper,
                    p_value=p_value,
                    context=given,
                )
            )
    return list({one.key: one for one in found}.values())


def store_conclusions(
    connection: duckdb.DuckDBPyConnection, nightly_id: int, found: list[Conclusion], keep: list[int]
) -> None:
    """Store the conclusions of a build, and drop those of all builds but `keep`."""
    import pyarrow as pa

    connection.execute("delete from ops.conclusion where nightly_id not in (select unnest(?))", [keep])
    columns = {
        name: pa.array([getattr(one, name) for one in found], pa.float64() if name in REAL else pa.string())
        for name in COLUMNS[:-1]
    }
    columns["context"] = pa.array([json.dumps(dict(one.context)) for one in found], pa.string())
    connection.register("_conclusion", pa.table(columns))
    try:
        listed = ", ".join(COLUMNS)
        connection.execute(
            f"insert into ops.conclusion (nightly_id, {listed}) select {int(nightly_id)}, {listed} from _conclusion"
        )
    finally:
        connection.unregister("_conclusion")


REAL = ("value", "lower", "upper", "p_value")


def stored_conclusions(connection: duckdb.DuckDBPyConnection, nightly_id: int) -> list[Conclusion]:
    """Return the conclusions that a build stored."""
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from ops.conclusion where nightly_id = ? order by kind, subject, item",
        [nightly_id],
    ).fetchall()
    return [Conclusion(**dict(zip(COLUMNS[:-1], row[:-1], strict=True)), context=json.loads(row[-1])) for row in rows]
