"""The tools of the Model Context Protocol: names, words for the model, and errors that it can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

import duckdb
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.gate import ANSWERS, NotAdmittedError

if TYPE_CHECKING:
    from hpowh.reports.agent.answers import Asked

INSTRUCTIONS = (
    "A warehouse of hyperparameter-optimisation results: a DuckDB database that is only read. For a question about "
    "results take list_findings first: its sentences rest on corrected tests or say that they do not; repeat no "
    "sentence as stronger than its may_one_say_so, and keep its caveats. For numbers find a table by what one row of "
    "it is (list_tables, describe_table), then run_sql; mart.* are views made for reading. No row is a test: do not "
    "call one algorithm better because its mean is lower."
)
Limit = Annotated[int | None, Field(description="Most rows to return; never more than the server's own limit.")]
Values = Annotated[dict[str, Any] | None, Field(description="The values of the query's $parameters, by name.")]


def build(asked: Asked) -> MCPServer:
    """Return the server with its tools, for `run()` over standard input and output.

    Questions are answered one after the other: each may take the memory that the limits allow.
    """
    server = MCPServer("hpowh", version=version("hpowh"), instructions=INSTRUCTIONS, log_level="WARNING")
    one_by_one = Lock()

    def answered(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with one_by_one, _said():
            return function(*arguments, **options)

    _add_reading(server, asked, answered)
    _add_finding(server, asked, answered)
    return server


def _add_reading(server: MCPServer, asked: Asked, answered: Callable[..., Any]) -> None:
    tool = _tool(server)

    @tool
    def list_tables(
        schema: Annotated[str | None, Field(description="core, mart, result, ops or space; all by default.")] = None,
    ) -> list[dict[str, Any]]:
        """List tables and views with the sentence that says what one row is, and their number of rows."""
        return list(answered(asked.tables, schema))

    @tool
    def describe_table(
        table: Annotated[str, Field(description="schema.name, such as mart.run_regret")],
    ) -> dict[str, Any]:
        """Say what one row of a table or view is, and list its columns with their types."""
        return dict(answered(asked.columns, table))

    @tool
    def run_sql(
        sql: Annotated[str, Field(description="DuckDB SQL; $name is a parameter.")],
        parameters: Values = None,
        limit: Limit = None,
    ) -> dict[str, Any]:
        """Answer queries (SELECT, DESCRIBE, SUMMARIZE, EXPLAIN …). Nothing can be changed; no file is reached."""
        return dict(answered(asked.sql, sql, parameters, limit))

    @tool
    def list_queries() -> list[dict[str, Any]]:
        """List the queries that hpowh's own pages and analyses ask: name, parameters, what one row is."""
        return list(answered(asked.queries))

    @tool
    def run_query(
        name: Annotated[str, Field(description="As list_queries names it, such as findings/runs")],
        parameters: Values = None,
        limit: Limit = None,
    ) -> dict[str, Any]:
        """Answer one of the queries that list_queries names."""
        return dict(answered(asked.query, name, parameters, limit))


def _add_finding(server: MCPServer, asked: Asked, answered: Callable[..., Any]) -> None:
    @_tool(server)
    def list_findings(
        subjects: Annotated[
            list[str] | None, Field(description="Names of experiments, sweeps or landscapes; all by default.")
        ] = None,
        with_numbers: Annotated[bool, Field(description="With the stored rows behind each sentence.")] = False,
    ) -> list[dict[str, Any]]:
        """List what the analyses found, in sentences: each with its basis, level, rows, assumption and caveats.

        `may_one_say_so` says how far a sentence goes: shown by a corrected test, an estimate, or a description.
        """
        return list(answered(asked.findings, subjects or (), with_numbers=with_numbers))


def _tool(server: MCPServer) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    annotations = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return server.tool(annotations=annotations)


@contextmanager
def _said() -> Iterator[None]:
    """Turn an error that the model can act on into one that it is told."""
    try:
        yield
    except NotAdmittedError as error:
        raise ToolError(f"{error.message} {ANSWERS}") from None
    except (HpowhError, duckdb.Error) as error:
        raise ToolError(str(error)) from None
