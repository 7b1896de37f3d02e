"""Where settings lie in a clone."""

from collections.abc import Mapping
from pathlib import Path

from brickyard_stacks.errors import UnknownEnvironment

ENVIRONMENT_VARIABLE = "BRICKYARD_ENV"


def environment_file(root: Path, variables: Mapping[str, str]) -> Path:
    """The settings file of the environment that BRICKYARD_ENV names. There is no default: a name is a decision.

    Errors: UnknownEnvironment, naming the environments there are.
    """
    found = environment_files(root)
    name = variables.get(ENVIRONMENT_VARIABLE, "")
    if name in found:
        return found[name]
    got = f"{name!r} has no file environments/{name}.yaml" if name else "it is not set"
    there = ", ".join(found) or "none: write environments/<name>.yaml"
    raise UnknownEnvironment(f"{ENVIRONMENT_VARIABLE} names the environment, but {got}; environments: {there}")


def environment_files(root: Path) -> dict[str, Path]:
    """Every environment's settings file, by the environment's name."""
    return {path.stem: path for path in sorted((root / "environments").glob("*.yaml"), key=lambda p: p.stem)}


def project_files(root: Path) -> list[Path]:
    """Every project's settings file."""
    return sorted((root / "projects").glob("*/project.yaml"))
