"""A mixed model of Parquet files, of more rows than a warehouse should hold; nothing is loaded and nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpowh.analyses.mixed_models.job import Outcome, as_stored
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula
from hpowh.analyses.mixed_models.studies.analysis import Question
from hpowh.warehouse.errors import UsageError


def analyse_files(
    pattern: str | Sequence[str],
    formula: str,
    *,
    where: str | None = None,
    is_reml: bool = True,
    variance: str = "auto",
    question: Question | None = None,
    with_residuals: bool = True,
    memory: str = "2GB",
) -> Outcome:
    """Fit a mixed model to Parquet files as they lie, without a warehouse; nothing is stored.

    Read is one pass of sums over the columns that the model names, one for the residuals, and one for each model that
    is fitted beside it; what it takes of memory grows with the number of cells, not of rows.

    Args:
        pattern: of files (`runs/*.parquet`, `s3://…`), or a list of them; columns as the formula names them. `run` (or
            `run_id`, or algorithm, benchmark and `seed`) tells which rows are of one run.
        where: an SQL condition on the columns.
        memory: what DuckDB may take.

    Raises:
        UsageError: a name, formula or condition means nothing here, or the data cannot carry the model; says why.
    """
    import duckdb

    from hpowh.analyses.mixed_models.reading.files import FileReader
    from hpowh.analyses.mixed_models.studies.outside import run_on_files
    from hpowh.warehouse.connection import threads_asked_for
    from hpowh.warehouse.elsewhere.extensions import set_up_access
    from hpowh.warehouse.elsewhere.published import remote_address
    from hpowh.warehouse.limits import Limits, limited
    from hpowh.warehouse.relation import Tables

    files = [pattern] if isinstance(pattern, str) else list(pattern)
    config: dict[str, Any] = {**threads_asked_for(), "memory_limit": limited(Limits(memory=memory).bytes)}
    with duckdb.connect(config=config) as connection:
        connection.execute("set enable_progress_bar = false")
        for address in {one for one in files if remote_address(one)}:
            set_up_access(connection, address)
        try:
            parsed = parse_formula(formula)
            reader = FileReader.of(connection, files, where)
            rows, said = run_on_files(
                reader,
                parsed,
                question or Question(),
                is_reml=is_reml,
                variance=variance,
                with_residuals=with_residuals,
            )
        except (FormulaError, DataError) as error:
            raise UsageError(str(error)) from error
    return Outcome(", ".join(files), 0, True, said, Tables(as_stored(rows)))
