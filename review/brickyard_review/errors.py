"""What the review refuses. Each message says what was got, the rule, the fix."""


class ReviewError(Exception):
    """Base of what stops a review; the command ends with status 3, never as a pass."""


class UnreadablePlan(ReviewError):
    """Raised when a file is not the JSON of a plan that this version understands."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason} {fix}")
        self.reason = reason
        self.fix = fix


class InvalidRule(ReviewError):
    """Raised when a rule file cannot be applied as it stands."""


class InvalidPolicy(ReviewError):
    """Raised when a team's file of severities and waivers cannot be applied as it stands."""


class InvalidPrices(ReviewError):
    """Raised when a price file cannot be applied as it stands."""
