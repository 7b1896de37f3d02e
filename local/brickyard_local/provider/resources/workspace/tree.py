"""The workspace tree: what notebooks, files and folders have in common."""

import posixpath
from typing import Any

from brickyard_local.provider.errors import ApiError
from brickyard_local.provider.resource import Session

WORKSPACE = "/api/2.0/workspace"


def import_with_parents(session: Session, body: dict[str, Any]) -> None:
    """Import an object; folders above it which do not exist are made."""
    try:
        session.api.post(f"{WORKSPACE}/import", body)
    except ApiError as error:
        message = error.summary.lower()
        if "parent folder " not in message or " does not exist" not in message:
            raise
        session.api.post(f"{WORKSPACE}/mkdirs", {"path": posixpath.dirname(body["path"])})
        session.api.post(f"{WORKSPACE}/import", body)
