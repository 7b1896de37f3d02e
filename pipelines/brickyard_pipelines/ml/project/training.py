"""What a project trains with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """The project's function that fits a model, and its parameters."""

    function: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    skops_trusted_types: tuple[str, ...] = ()
