"""Diagnostics: what Terraform prints."""

from typing import Any

from brickyard_local.provider.errors import ProviderError
from brickyard_local.provider.wire.messages import message

_ERROR, _WARNING = 1, 2


def failed(error: ProviderError) -> Any:
    """An error as Terraform prints it."""
    return message("Diagnostic")(severity=_ERROR, summary=error.summary, detail=error.detail)


def invalid(type_name: str, problem: str) -> Any:
    """A configuration which breaks a rule."""
    return message("Diagnostic")(severity=_ERROR, summary=f"Invalid {type_name}", detail=problem)


def warning(summary: str, detail: str) -> Any:
    """A warning as Terraform prints it."""
    return message("Diagnostic")(severity=_WARNING, summary=summary, detail=detail)
