"""What pages share: style, scripts, and Plotly's own script from its Python package."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from markupsafe import Markup

SCRIPTS = (
    "theme.js",
    "tables.js",
    "numbers.js",
    "folds.js",
    "copies.js",
    "charts.js",
    "trials.js",
    "brush.js",
    "controls.js",
    "explore.js",
    "search.js",
)


EARLY = (
    'try { var t = localStorage.getItem("hpowh-theme"); '
    'if (t === "light" || t === "dark") document.documentElement.dataset.theme = t; } catch (e) {}'
)
"""What runs before the page is drawn: the theme that the reader chose, so that no other one flashes up."""


@dataclass(frozen=True)
class Assets:
    """The shared files' contents, and names that change with them (a browser must not show an old one)."""

    style: str
    script: str
    opening: str

    @cached_property
    def style_name(self) -> str:
        """The style sheet's file name."""
        return f"assets/site-{_digest(self.style)}.css"

    @cached_property
    def script_name(self) -> str:
        """The script's file name."""
        return f"assets/site-{_digest(self.script)}.js"

    @cached_property
    def plotly_name(self) -> str:
        """Plotly's file name."""
        from importlib.metadata import version

        return f"assets/plotly-{version('plotly')}.min.js"

    @property
    def inline_style(self) -> Markup:
        """The style sheet for a style element."""
        return Markup(self.style)  # our own file

    @property
    def inline_script(self) -> Markup:
        """The script for a script element."""
        return Markup(_inside_script(self.script))  # our own file

    @property
    def inline_plotly(self) -> Markup:
        """Plotly for a script element."""
        return Markup(_inside_script(plotly_text()))  # Plotly's own file

    @property
    def opening_script(self) -> Markup:
        """What opens the pages of a report that is one file."""
        return Markup(_inside_script(self.opening))  # our own file

    @property
    def early_script(self) -> Markup:
        """The script for the page's head."""
        return Markup(EARLY)  # our own text

    def policy(self, *, is_single_file: bool, has_charts: bool) -> str:
        """Return the Content-Security-Policy of a page: only hpowh's own scripts run, nothing is fetched or sent.

        Names from data are escaped; this holds a second time, should one ever not be. Inline scripts are admitted by
        their hashes, files by lying beside the page.
        """
        inline = [self.early_script]
        if is_single_file:
            inline += [self.inline_script, *([self.inline_plotly] if has_charts else [])]
        scripts = " ".join(f"'sha256-{_base64_digest(text)}'" for text in inline)
        return _policy(scripts if is_single_file else f"'self' {scripts}")

    def whole_policy(self) -> str:
        """Return the policy of a report in one file: its scripts are packed, and run by their hashes all the same."""
        inline = (self.early_script, self.opening_script, self.script, plotly_text())
        return _policy(" ".join(f"'sha256-{_base64_digest(text)}'" for text in inline))

    def write(self, folder: Path, pages: list[dict[str, Any]]) -> None:
        """Write the shared files into the site's folder."""
        (folder / "assets").mkdir(exist_ok=True)
        (folder / self.style_name).write_text(self.style, encoding="utf-8")
        (folder / self.script_name).write_text(self.script, encoding="utf-8")
        (folder / self.plotly_name).write_bytes(plotly_path().read_bytes())
        (folder / "assets" / "pages.js").write_text(f"window.hpowhPages = {json.dumps(pages)};\n", encoding="utf-8")


def _policy(scripts: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # Plotly writes its own style elements and attributes
            "img-src 'self' data: blob:",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def load() -> Assets:
    """Read the shared files from the package."""
    static = files("hpowh.reports").joinpath("static")
    script = "\n".join(static.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = static.joinpath("site.css").read_text(encoding="utf-8")
    return Assets(style, script, static.joinpath("whole.js").read_text(encoding="utf-8"))


def plotly_path() -> Path:
    """Return where the installed Plotly keeps its browser script; the package itself is not imported (it is slow)."""
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package plotly is not installed")
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def plotly_text() -> str:
    """Return Plotly's browser script."""
    return plotly_path().read_text(encoding="utf-8")


def _base64_digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _inside_script(text: str) -> str:
    """Return JavaScript that cannot end the element it stands in."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
