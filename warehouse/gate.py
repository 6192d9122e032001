"""Which SQL of a user's is run at all: queries, whatever they are written as; the rest is refused by name.

DuckDB has no boundary of privileges within a process: a read-only connection without access to files may still write to
the files that belong to the open database. So statements are admitted by what they are, and table functions by name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import duckdb

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.names import literal
from hpowh.warehouse.views import macros

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = "Answered are SELECT, EXPLAIN, DESCRIBE, SHOW, SUMMARIZE and SET VARIABLE."
MOST_STATEMENTS = 1000
"""Each is looked at before the first is run."""
MOST_LETTERS = 5_000_000
"""What is looked at cannot be interrupted: a million values in a list take some seconds."""
_HINTS = {
    "COPY": "Write rows to a file with --out FILE, or with hpowh export.",
    "EXPORT": "Write everything with hpowh publish --parquet FOLDER.",
}
_NAMES = {
    "COPY_DATABASE": "COPY FROM DATABASE",
    "EXTENSION": "this statement",
    "INVALID": "this statement",
    "LOGICAL_PLAN": "this statement",
    "MERGE_INTO": "MERGE INTO",
    "MULTI": "this statement",
    "RELATION": "this statement",
    "TRANSACTION": "a statement about transactions",
    "VACUUM": "VACUUM or ANALYZE",
    "VARIABLE_SET": "SET of a setting",
    "SET": "SET of a setting",
    "CREATE_FUNC": "CREATE",
}
_FUNCTIONS = re.compile(
    r"range|generate_series|unnest|repeat|repeat_row|summary|json_each|json_tree|histogram|histogram_values"
    r"|test_all_types|test_vector_types|icu_calendar_names|pg_timezone_names|which_secret"
    r"|pragma_\w+|duckdb_\w+|show\w*"
)
"""Table functions that only compute, or list what the database holds."""
_OF_FILES = re.compile(
    r"read_(?!duckdb)\w+|parquet_(scan|schema|metadata|file_metadata|kv_metadata|full_metadata|bloom_probe)"
    r"|glob|sniff_csv"
)
"""Table functions that read files: for a connection that may."""
_EFFECTS = frozenset({"write_log", "json_serialize_plan"})
"""Functions of one value that do more than compute: one writes into DuckDB's log, wherever that is kept; one plans any
statement, and the plan of an EXPORT DATABASE makes its folder."""
_UNICODE_SPACES = re.compile("[\u00a0\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]")
"""What DuckDB's parser takes for a space, outside of quotes."""
_NAME = re.compile(r'"((?:[^"]|"")*)"|(\w+)')


class NotAdmittedError(HpowhError):
    """The text holds something else than queries."""


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """An empty database that cannot reach anything: DuckDB's parser reads files for IMPORT DATABASE."""
    off = {"enable_external_access": "false", "autoinstall_known_extensions": "false"}
    return duckdb.connect(":memory:", config={**off, "autoload_known_extensions": "false"})


def admitted(text: str, *, may_read_files: bool = False) -> list[duckdb.Statement]:
    """Return the statements of a text, each of which only reads.

    Args:
        may_read_files: table functions that read files are admitted too.

    Raises:
        NotAdmittedError: one is something else, or calls a function that does more than answer; names it.
        duckdb.Error: the text is no SQL.
    """
    if len(text) > MOST_LETTERS:
        raise NotAdmittedError(
            f"The query has {len(text):,} letters.", f"At most {MOST_LETTERS:,} are answered at once."
        )
    parser = _parser().cursor()
    try:
        statements = parser.extract_statements(text)
    except duckdb.PermissionException:
        raise NotAdmittedError("hpowh answers queries; IMPORT DATABASE is none.", ANSWERS) from None
    except duckdb.InternalException:
        raise NotAdmittedError("hpowh answers queries; this statement is none.", ANSWERS) from None
    if len(statements) > MOST_STATEMENTS:
        raise NotAdmittedError(
            f"These are {len(statements):,} statements.", f"At most {MOST_STATEMENTS:,} are answered at once."
        )
    for position, statement in enumerate(statements):
        if _is_step_of_pivot(statements, position):
            if _says_create(text):  # before DuckDB 1.5.6 a table of a PIVOT's rows has no text either
                raise NotAdmittedError("hpowh answers queries; CREATE is none.", ANSWERS)
            continue
        # DuckDB writes such a PIVOT anew and cuts its text where it stood in the old one: all texts are looked at.
        is_rewritten = position > 0 and _is_step_of_pivot(statements, position - 1)
        _admit(parser, statement.type, "" if is_rewritten else _query_of(statement), text, may_read_files)
    return statements


def _query_of(statement: duckdb.Statement) -> str:
    """Return a statement's own text; empty where DuckDB looks for it beyond the end of what it wrote anew."""
    try:
        return str(statement.query)
    except IndexError:
        return ""


def one_query(text: str, *, may_read_files: bool = False) -> str:
    """Return a text that is one SELECT, so that it can stand within parentheses.

    Raises:
        NotAdmittedError: it is something else, or several statements.
        duckdb.Error: it is no SQL.
    """
    statements = admitted(text, may_read_files=may_read_files)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT or not statements[0].query:
        raise NotAdmittedError("Here stands one SELECT, and nothing else.")
    return statements[0].query.strip().rstrip(";") + "\n"


def _says_create(text: str) -> bool:
    """Return whether a text has the keyword, which is no name unless it is quoted."""
    return any(word.name == "create" and not word.text.startswith('"') for word in tokens(text))


def _is_step_of_pivot(statements: list[duckdb.Statement], position: int) -> bool:
    """A PIVOT whose columns depend on the data becomes the making of temporary types, without texts, and a SELECT."""
    create = duckdb.StatementType.CREATE
    if statements[position].type != create or _query_of(statements[position]):
        return False
    after = next((one for one in statements[position + 1 :] if one.type != create), None)
    return after is not None and after.type == duckdb.StatementType.SELECT


def _admit(
    parser: duckdb.DuckDBPyConnection, kind: duckdb.StatementType, query: str, text: str, may_read_files: bool
) -> None:
    if kind == duckdb.StatementType.SELECT:
        _check_functions(parser, query, query or text, may_read_files)
        return
    if kind == duckdb.StatementType.EXPLAIN and (inner := _explained(query)):
        if _is_one_select(parser, inner):
            _check_functions(parser, inner, inner, may_read_files)
            return
        raise NotAdmittedError("hpowh explains queries, and nothing else.", ANSWERS)
    if kind == duckdb.StatementType.SET and _is_reset_of_variable(query):
        return
    if kind == duckdb.StatementType.SET and (value := _set_variable(query)):
        inner = f"select (\n{value.strip().rstrip(';')}\n)"
        if _is_one_select(parser, inner):
            _check_functions(parser, inner, inner, may_read_files)
            return
    name = _NAMES.get(kind.name, kind.name)
    raise NotAdmittedError(f"hpowh answers queries; {name} is none.", _HINTS.get(kind.name, ANSWERS))


@dataclass(frozen=True)
class Token:
    """One word of a text, as DuckDB's own parser divides it: spaces and comments are none."""

    content: bytes
    """The whole text."""
    start: int
    end: int
    """Where the next word begins."""

    @property
    def text(self) -> str:
        """The word, with what follows up to the next one."""
        return self.content[self.start : self.end].decode(errors="replace")

    @property
    def rest(self) -> str:
        """The text from here to the end."""
        return self.content[self.start :].decode(errors="replace")

    @property
    def name(self) -> str:
        """The name or keyword that it is, in small letters; empty where it is none."""
        found = _NAME.match(self.text)
        return "" if found is None else (found[2] or found[1].replace('""', '"')).lower()


def tokens(text: str) -> list[Token]:
    """Return the words of a text; spaces that only Unicode has are written as DuckDB takes them."""
    content = _UNICODE_SPACES.sub(" ", text).encode()
    starts = [start for start, _ in duckdb.tokenize(content.decode())]
    ends = [*starts[1:], len(content)]
    return [Token(content, start, end) for start, end in zip(starts, ends, strict=False)]


def _explained(query: str) -> str:
    """Return what an EXPLAIN explains; empty where that is not certain."""
    words = tokens(query)[1:]
    if words and words[0].name == "analyze":
        words = words[1:]
    elif words and words[0].text.startswith("("):
        ends = [at for at, word in enumerate(words) if word.text.startswith(")")]
        options = words[1 : ends[0]] if ends else words
        if any(not word.name and not word.text.startswith(",") for word in options):
            return ""
        words = words[len(options) + 2 :]
    return words[0].rest if words else ""


def _set_variable(query: str) -> str:
    """Return the value of `SET VARIABLE name = value`; empty where it is anything else."""
    words = tokens(query)
    names = [word.name for word in words[:4]]
    if len(words) < 5 or names[:2] != ["set", "variable"] or not names[2]:
        return ""
    return words[4].rest if names[3] == "to" or words[3].text.strip().startswith("=") else ""


def _is_reset_of_variable(query: str) -> bool:
    words = tokens(query.rstrip().rstrip(";"))
    return len(words) == 3 and [word.name for word in words[:2]] == ["reset", "variable"] and bool(words[2].name)


def _is_one_select(parser: duckdb.DuckDBPyConnection, text: str) -> bool:
    try:
        found = parser.extract_statements(text)
    except duckdb.Error:
        return False
    return len(found) == 1 and found[0].type == duckdb.StatementType.SELECT


def _check_functions(parser: duckdb.DuckDBPyConnection, query: str, text: str, may_read_files: bool) -> None:
    """Refuse functions that are not known to only answer: some write files, run SQL or read memory."""
    for name, is_table in _functions(parser, query, text):
        if not is_table:
            if name in _EFFECTS:
                raise NotAdmittedError(f"Not allowed here: the function {name}().", "It does more than answer a query.")
            continue
        if _FUNCTIONS.fullmatch(name) or (may_read_files and _OF_FILES.fullmatch(name)) or name in _own_macros():
            continue
        if _OF_FILES.fullmatch(name):
            raise NotAdmittedError(
                f"Not allowed here: {name}() reads files.", "hpowh sql is locked down; --unlocked lets it read files."
            )
        raise NotAdmittedError(f"Not allowed here: the table function {name}().", "It does more than answer a query.")


def _functions(parser: duckdb.DuckDBPyConnection, query: str, text: str) -> Iterator[tuple[str, bool]]:
    """Yield (name, whether it stands for a table) of the functions that a SELECT calls, as DuckDB parsed it."""
    found = _serialised(parser, query or "pivot")
    try:
        tree = json.loads(found)
    except RecursionError:
        raise NotAdmittedError("The query is nested too deeply.") from None
    if tree["error"]:  # a PIVOT whose columns depend on the data has no tree
        known = {name for (name,) in parser.execute(_ALL_TABLE_FUNCTIONS).fetchall()}
        for name in sorted(_called(text)):
            yield name, name in known
        return
    pending: list[Any] = [tree["statements"]]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if node.get("type") == "TABLE_FUNCTION":
                yield str(node["function"].get("function_name", "")).lower(), True
            elif node.get("class") == "FUNCTION":
                yield str(node.get("function_name", "")).lower(), False
            pending += node.values()
        elif isinstance(node, list):
            pending += node


@lru_cache(maxsize=1)
def _called(text: str) -> frozenset[str]:
    """Return every name in a text that an opening bracket follows; once for all PIVOTs of a text."""
    words = tokens(text)
    return frozenset(
        one.name for one, after in zip(words, words[1:], strict=False) if one.name and after.text.startswith("(")
    )


def _serialised(parser: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return DuckDB's tree of a query as JSON.

    The query stands there as a literal: for a parameter DuckDB imports pandas where it is installed, which takes longer
    than most queries. A text with a NUL, at which a literal could end, is a parameter.
    """
    if "\0" in query:
        return str(parser.execute("select json_serialize_sql(?)", [query]).fetchall()[0][0])
    return str(parser.execute(f"select json_serialize_sql({literal(query)})").fetchall()[0][0])


@cache
def _own_macros() -> frozenset[str]:
    return frozenset(macro.name for macro in macros())


_ALL_TABLE_FUNCTIONS = (
    "select distinct lower(function_name) from duckdb_functions() "
    "where function_type in ('table', 'table_macro', 'pragma')"
)
