"""What secrets need of the other services."""

from typing import Protocol


class Principals(Protocol):
    """The principals of the account."""

    def principal_exists(self, name: str) -> bool: ...
