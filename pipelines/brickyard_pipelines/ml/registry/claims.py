"""One deployment of a model at a time: a tag on the registered model says whose turn it is, and until when.

Gaps: the registry has no compare-and-swap. Two that begin within the same few milliseconds may both see their own
claim; each looks again right before the alias moves, so that what is left of the window is one call. Jobs keep to one
run at a time by themselves (`max_concurrent_runs`).
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import DeploymentUnderWay

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG = "deployment_under_way"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Which version, by which job run, as whom; it is void after `until` (ISO, UTC), in case its holder was killed."""

    version: str
    job_run: str
    who: str
    until: str

    def is_for(self, other: "Claim") -> bool:
        """Whether both are the same deployment: a repaired task takes up what it began."""
        return (self.version, self.job_run, self.who) == (other.version, other.job_run, other.who)


def take(client: "MlflowClient", model: str, claim: Claim, now: dt.datetime) -> None:
    """Claim the model.

    Errors: DeploymentUnderWay, naming the holder.
    """
    held = holder(client, model)
    if held is not None and not held.is_for(claim) and now.isoformat() < held.until:
        raise _refusal(model, held)
    client.set_registered_model_tag(model, TAG, json.dumps(asdict(claim), sort_keys=True))
    require(client, model, claim)


def require(client: "MlflowClient", model: str, claim: Claim) -> None:
    """Errors: DeploymentUnderWay when the claim is not ours, or not ours any more."""
    held = holder(client, model)
    if held is None or not held.is_for(claim):
        raise _refusal(model, held)


def release(client: "MlflowClient", model: str, claim: Claim) -> None:
    """Give the model free, unless somebody else holds it by now."""
    held = holder(client, model)
    if held is not None and held.is_for(claim):
        client.delete_registered_model_tag(model, TAG)


def holder(client: "MlflowClient", model: str) -> Claim | None:
    """Who deploys the model now, if anybody does; what cannot be read claims nothing."""
    return read(client.get_registered_model(model).tags or {})


def read(tags: Mapping[str, str]) -> Claim | None:
    """The claim among a registered model's tags.

    >>> read({TAG: "gibberish"}) is None
    True
    """
    try:
        document: Any = json.loads(tags.get(TAG, ""))
        return Claim(**{key: str(value) for key, value in document.items()})
    except (ValueError, TypeError, AttributeError):
        return None


def _refusal(model: str, held: Claim | None) -> DeploymentUnderWay:
    if held is None:
        return DeploymentUnderWay(f"{model}: the claim on it was taken away while it was deployed. Deploy again.")
    return DeploymentUnderWay(
        f"{model}: version {held.version} is being deployed by {held.who} (job run {held.job_run}). Wait for its end;"
        f" if it was killed, repair that run, or its claim is void at {held.until}."
    )
