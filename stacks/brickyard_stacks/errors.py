"""What can go wrong between a settings file and a synthesised stack."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class StacksError(Exception):
    """Base of every error of this package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing wrong in a settings file: where it is, what was got, the rule, and the fix."""

    file: Path
    line: int
    key: str
    got: str
    rule: str
    fix: str = ""

    def __str__(self) -> str:
        """Read like a compiler's message, so that editors can jump to the place."""
        parts = [f"{self.file}:{self.line}: {self.key or 'file'}: {self.rule}"]
        if self.got:
            parts.append(f"got {self.got}")
        if self.fix:
            parts.append(self.fix)
        return "; ".join(parts)


class InvalidSettings(StacksError):
    """Raised when a settings file cannot be used; it carries every problem, not the first one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{count} in the settings:", *(f"  {p}" for p in self.problems)]))


class UnknownEnvironment(StacksError):
    """Raised when no environment is named, or the named one has no file."""


class CannotBuildStacks(StacksError):
    """Raised when the settings are valid and the stacks made from them are not."""


class CannotBuildWheel(StacksError):
    """Raised when a folder of Python code cannot be built into a wheel."""


class Refused(StacksError):
    """Raised when rules refuse what was synthesised; it carries every refusal, not the first one."""

    def __init__(self, refusals: Sequence[object]) -> None:
        self.refusals = tuple(refusals)
        count = "1 thing" if len(self.refusals) == 1 else f"{len(self.refusals)} things"
        super().__init__("\n".join([f"{count} must not be deployed:", *(f"  {r}" for r in self.refusals)]))
