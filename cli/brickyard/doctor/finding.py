"""What a check found: fine, worth knowing, in the way, or not to be known from here."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem"]
Giver = Literal[
    "",
    "workspace administrator",
    "metastore administrator",
    "account administrator",
    "cloud administrator",
    "owner of the object",
    "administrator of the platform (it applies the platform's stack)",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One sentence; what is not ok has a fix, and where another person must act, `giver` says who and `text` what."""

    check: str
    status: Status
    said: str
    fix: str = ""
    giver: Giver = ""
    text: str = ""


def exit_status(findings: list[Finding]) -> int:
    """0: all is well; 1: something is worth knowing; 2: something is in the way."""
    statuses = {finding.status for finding in findings}
    return 2 if "problem" in statuses else 1 if "warning" in statuses else 0
