"""How much the champion leans on each feature: `importance.json` of the run that trained it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ARTIFACT = "importance.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """Shares by feature, and where they come from, in words."""

    shares: Mapping[str, float]
    said: str


def equal(features: Sequence[str], why: str) -> Importance:
    """Every feature counts the same, which is said."""
    share = 1 / len(features) if features else 0.0
    return Importance(shares=dict.fromkeys(features, share), said=f"equal weights: {why}")


def of_champion(model: str, version: str | None, features: Sequence[str]) -> Importance:
    """The shares that training logged. Without a champion, or without the artifact, equal ones."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need
    from mlflow.exceptions import MlflowException

    if version is None:
        return equal(features, "no version is champion")
    client = MlflowClient()
    try:
        run_id = str(client.get_model_version(model, version).run_id)
        file = Path(client.download_artifacts(run_id, ARTIFACT))
        document = json.loads(file.read_text(encoding="utf-8"))
    except (MlflowException, OSError, ValueError) as error:
        return equal(features, f"version {version} has no {ARTIFACT} that can be read ({type(error).__name__})")
    return read(document, version, features)


def read(document: object, version: str, features: Sequence[str]) -> Importance:
    """Shares from the document, of the features that there are; a feature that it does not name counts nothing.

    >>> read({"a": 3, "b": 1, "gone": 1}, "7", ["a", "b"]).shares
    {'a': 0.75, 'b': 0.25}
    """
    named = document if isinstance(document, dict) else {}
    shares = {name: named.get(name, 0.0) for name in features}
    usable = all(isinstance(s, (int, float)) and math.isfinite(s) and s >= 0 for s in shares.values())
    total = float(sum(shares.values())) if usable else 0.0
    if not total > 0:
        return equal(features, f"the {ARTIFACT} of version {version} holds no shares of these features")
    return Importance(
        shares={name: float(share) / total for name, share in shares.items()},
        said=f"weighted by the importance that version {version} logged in training",
    )
