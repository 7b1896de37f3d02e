"""How far a simulation is: a file, written after every step, from which the same command goes on."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from brickyard.errors import InvalidSimulation
from brickyard_local.account import write_private


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """What a month brought; metrics are None where nothing was measured.

    `champion` scored the month; `retrained` is the reason when a run was started, `outcome` how it ended, and `then`
    who is champion after it.
    """

    month: str
    rows: int
    champion: str
    log_loss: float | None
    first_log_loss: float | None
    roc_auc: float | None
    first_roc_auc: float | None
    expected_log_loss: float | None
    feature_drift: float | None
    decision: str
    retrained: bool
    outcome: str
    then: str
    took_s: float


@dataclass(kw_only=True, slots=True)
class Progress:
    """`id` is part of every idempotency token, so that a run that was under way is taken up."""

    file: Path
    asked: dict[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    first_version: str = ""
    months: list[Month] = field(default_factory=list)

    @classmethod
    def of(cls, file: Path, asked: dict[str, Any]) -> "Progress":
        """What an interrupted call left, or a beginning. Errors: InvalidSimulation when it was another simulation."""
        if not file.exists():
            return cls(file=file, asked=asked)
        known = json.loads(file.read_text())
        if known["asked"] != asked:
            raise InvalidSimulation(
                f"A simulation with other settings is under way: {known['asked']}, asked for {asked}. Go on with those,"
                " or remove it first: `brickyard simulate --remove`."
            )
        months = [Month(**each) for each in known["months"]]
        return cls(file=file, asked=asked, id=known["id"], first_version=known["first_version"], months=months)

    def keep(self) -> None:
        """Write it down, whole or not at all."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_private(self.file, json.dumps(self.document(), indent=2) + "\n")

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "asked": self.asked,
            "id": self.id,
            "first_version": self.first_version,
            "months": [asdict(month) for month in self.months],
        }
