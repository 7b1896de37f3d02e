"""A team's file: severities of their own, their rules' folders, and waivers of single findings.

Shapes: `severities` (rule to severity, or `off`), `rules` (folders, from the file's own), `waivers`. A waiver names one
finding: by its id, which stands beside it in every review and covers stack, place and message, and by rule and address,
for those who review the waiver.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brickyard_review.errors import InvalidPolicy
from brickyard_review.model import Severity


class Waiver(BaseModel):
    """One finding that may pass until the end of a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: str
    rule: str
    address: str
    reason: Annotated[str, Field(min_length=10)]
    expires: dt.date


class Policy(BaseModel):
    """A team's settings of a review."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severities: dict[str, Severity | Literal["off"]] = Field(default_factory=dict)
    rules: tuple[Path, ...] = ()
    waivers: tuple[Waiver, ...] = ()


def read_policy(path: Path) -> Policy:
    """Errors: InvalidPolicy, with the place in the file."""
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        policy = Policy.model_validate(document or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPolicy(f"{path}: cannot be read as YAML ({type(error).__name__}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidPolicy(f"{path}: {where}: {first['msg']}.") from error
    return policy.model_copy(update={"rules": tuple(path.parent / folder for folder in policy.rules)})
