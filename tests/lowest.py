"""Print the lowest version that pyproject.toml declares for each dependency, as constraints for pip."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest() -> list[str]:
    """Return `name==version` of each dependency that has a lower bound, extras included."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    declared = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    bounds = {}
    for requirement in map(Requirement, declared):
        for bound in requirement.specifier:
            if bound.operator in (">=", "=="):
                bounds[requirement.name] = bound.version
    return [f"{name}=={version}" for name, version in sorted(bounds.items())]


if __name__ == "__main__":
    print("\n".join(lowest()))
