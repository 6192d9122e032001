"""Print the lowest version that pyproject.toml declares for each dependency, as constraints for pip."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest() -> list[str]:
    """Return `name==version` of each dependency that has a lower bound, users' extras included, our own tools not."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *(d for name, extra in extras.items() if name != "dev" for d in extra)]
    bounds = {}
    for requirement in map(Requirement, declared):
        for bound in requirement.specifier:
            if bound.operator in (">=", "=="):
                bounds[requirement.name] = bound.version
    return [f"{name}=={version}" for name, version in sorted(bounds.items())]


if __name__ == "__main__":
    print("\n".join(lowest()))
