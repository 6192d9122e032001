"""DuckDB's extensions, for what lies elsewhere: from DuckDB's own folder, pip's packages, or DuckDB's server."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.names import literal


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension: the one that DuckDB has installed, else pip's `duckdb-extension-<name>`, else its server's.

    Raises:
        HpowhError: none of them can be had; says what was tried.
    """
    tried = []
    for how, statement in (
        ("DuckDB's own folder", f"load {name}"),
        (f"pip's duckdb-extension-{name.replace('_', '-')}", _of_pip(name)),
        ("DuckDB's server", f"install {name}; load {name}"),
    ):
        if statement is None:
            tried.append(f"{how}: not installed for DuckDB {duckdb.__version__}")
            continue
        try:
            connection.execute(statement)
        except duckdb.Error as error:
            tried.append(f"{how}: {str(error).splitlines()[0].rstrip('.')}")
        else:
            return
    raise HpowhError(
        f"DuckDB's extension {name} cannot be had. Tried: {'; '.join(tried)}.",
        f"With a network, DuckDB fetches it by itself; without: pip install duckdb-extension-{name.replace('_', '-')} "
        f"(of the version of DuckDB, {duckdb.__version__}).",
    )


def _of_pip(name: str) -> str | None:
    """Return the statement that loads the file of pip's package, if it has one for this DuckDB."""
    try:
        found = find_spec(f"duckdb_extension_{name}")
    except (ImportError, ValueError):
        return None
    for place in (found.submodule_search_locations if found else None) or ():
        file = Path(place, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if file.is_file():
            return f"load {literal(str(file))}"
    return None


def set_up_access(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Load what reads an address, with the keys and the server that the environment names as Amazon's tools read it.

    Read are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION (or AWS_DEFAULT_REGION) and
    AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL).

    Raises:
        HpowhError: the extension cannot be had.
    """
    load_extension(connection, "httpfs")
    if not address.startswith("s3://"):
        return
    given = {
        "key_id": os.environ.get("AWS_ACCESS_KEY_ID"),
        "secret": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": os.environ.get("AWS_SESSION_TOKEN"),
        "region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
    }
    options = [f"{name} {literal(value)}" for name, value in given.items() if value]
    server = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if server:
        parts = urlsplit(server)
        options += [f"endpoint {literal(parts.netloc + parts.path.rstrip('/'))}", "url_style 'path'"]
        options += [f"use_ssl {str(parts.scheme == 'https').lower()}"]
    if options:
        connection.execute(f"create or replace secret hpowh_s3 (type s3, {', '.join(options)})")
