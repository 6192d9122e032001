"""Write the files of `added/` into docs/where-new-code-goes.md anew, after one of them was changed."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "where-new-code-goes.md"


def shown(text: str) -> str:
    """Return the page's text with each block that names a file replaced by that file."""

    def block(match: re.Match[str]) -> str:
        return f"```{match[1]} file={match[2]}\n{(HERE / 'added' / match[2]).read_text()}```"

    return re.sub(r"```(py|sql) file=(\S+)\n.*?```", block, text, flags=re.DOTALL)


if __name__ == "__main__":
    DOCS.write_text(shown(DOCS.read_text()))
