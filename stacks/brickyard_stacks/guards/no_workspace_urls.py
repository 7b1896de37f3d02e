"""No address of a workspace stands in an object: it would point from one environment into another."""

import re
from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

# Source: docs.databricks.com, "Workspace instance names, URLs, and IDs".
_URL = re.compile(
    r"\b(adb-\d+\.\d+\.azuredatabricks\.net|[a-z0-9-]+\.cloud\.databricks\.com|\d+\.\d+\.gcp\.databricks\.com)",
    re.IGNORECASE,
)


def check(resource: Resource, environment: Environment) -> Iterator[str]:  # noqa: ARG001 - holds everywhere
    """Only the provider's own block names the workspace."""
    if resource.kind.startswith("provider."):
        return
    for found in sorted({match[0] for text in resource.texts() for match in _URL.finditer(text)}):
        fix = "take it from the workspace that runs it, or from the settings' workspace.auth"
        yield f"names the workspace {found}; {fix}"
