"""The lines of a verdict. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One line: what was seen, and what is needed. What is not `decided` refuses nothing, and is told as that."""

    name: str
    passed: bool
    said: str
    needed: str
    decided: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Every condition with its answer; passed when all of them are."""

    conditions: tuple[Condition, ...]

    @property
    def passed(self) -> bool:
        """Whether anything was decided, and all of it holds."""
        decided = any(condition.decided for condition in self.conditions)
        return decided and all(condition.passed for condition in self.conditions)

    @property
    def undecided(self) -> tuple[str, ...]:
        """The names of the conditions that the rows could not decide."""
        return tuple(condition.name for condition in self.conditions if not condition.decided)

    @property
    def reason(self) -> str:
        """Why, in one line: what failed, or what was shown."""
        if self.passed:
            unclear = [f"{len(self.undecided)} undecided"] if self.undecided else []
            return ", ".join([*unclear, *(f"{item.name} {item.said}" for item in self.conditions if item.decided)])
        failed = [item for item in self.conditions if not item.passed]
        return "; ".join(f"{item.name} {item.said} (needed: {item.needed})" for item in failed) or "nothing was shown"
