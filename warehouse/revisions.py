"""The chain of revisions in `migrations/versions`: each file's number is its place, and there is one end."""

from __future__ import annotations

import warnings
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import HpowhError

if TYPE_CHECKING:
    from alembic.config import Config

RULE = "Number it after the last one and name that one in its down_revision."


def migrations_folder() -> Path:
    """Return the folder with Alembic's `env.py` and `versions/`."""
    return Path(str(files("hpowh.migrations")))


def alembic_config(folder: Path) -> Config:
    """Return Alembic's settings for the revisions of a folder."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@lru_cache(maxsize=1)
def newest_revision() -> str:
    """Return the last revision of this program.

    Read from the files' names: every opening of a warehouse asks, and Alembic takes a second to import. `revisions`
    holds that a number is a place; it is asked before anything is made or upgraded.
    """
    return max(_numbered(migrations_folder()))[:4]


def revisions(folder: Path | None = None) -> list[str]:
    """Return the revisions of this program (or of another folder) in their order, as Alembic reads them.

    Raises:
        HpowhError: the chain has two ends, or a file's number is not its place in it; names the files.
    """
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    folder = folder or migrations_folder()
    names = sorted(_numbered(folder))
    for name, following in pairwise(names):
        if name[:4] == following[:4]:
            raise HpowhError(f"Two revisions have the number {name[:4]}: {name} and {following}.", RULE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a `revision` that two files give themselves Alembic only warns
            scripts = ScriptDirectory.from_config(alembic_config(folder))
            heads = scripts.get_heads()
            chain = [(script.revision, Path(script.path).name) for script in scripts.walk_revisions()][::-1]
    except (CommandError, KeyError) as error:
        raise HpowhError(f"The revisions in {folder} are no chain: {error}", RULE) from error
    if len(heads) > 1:
        ends = " and ".join(sorted(name for revision, name in chain if revision in heads))
        raise HpowhError(f"The revisions have {len(heads)} ends: {ends}.", RULE)
    for place, (revision, name) in enumerate(chain, start=1):
        if not revision == name[:4] == f"{place:04}":
            raise HpowhError(f"{name} calls itself {revision} and stands at place {place} of the chain.", RULE)
    if left := sorted(set(names) - {name for _, name in chain}):
        raise HpowhError(f"{' and '.join(left)} gives itself the `revision` of another file.", RULE)
    return [revision for revision, _ in chain]


def _numbered(folder: Path) -> set[str]:
    return {file.name for file in (folder / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")}
