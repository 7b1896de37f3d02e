"""deploy: a version that passed validation → (approval, canary) → the serving endpoint → alias champion.

The endpoint comes first: where it cannot take the version, nothing has changed. Every effect is found done when the
step runs again, so that it may be killed at any point.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import CanaryFailed, PromotionRefused
from brickyard_pipelines.ml.evaluation import canary
from brickyard_pipelines.ml.evaluation.canary import Decision
from brickyard_pipelines.ml.project import Canary, Project
from brickyard_pipelines.ml.registry import claims, endpoint_metrics, endpoints, promotion
from brickyard_pipelines.ml.registry.claims import Claim
from brickyard_pipelines.ml.registry.endpoints import Split
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import approve, entry

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServingEndpointsAPI
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)
_LONGEST = dt.timedelta(hours=2)  # of a deployment without its canary: two updates of the endpoint, and some air
_LOOK_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What a deployment acts through, and as whom."""

    client: "MlflowClient"
    endpoints: "ServingEndpointsAPI"
    who: str
    sleep: Callable[[float], None] = time.sleep
    clock_s: Callable[[], float] = time.monotonic


def main() -> None:
    """The task's entry point."""
    entry.run("deploy", deploy)


def deploy(settings: StepSettings, project: Project) -> None:
    """Promote one version, or refuse; running it again changes nothing.

    Errors: PromotionRefused, NotApproved, DeploymentUnderWay, EndpointNotUpdated, CanaryFailed.
    """
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need
    from mlflow import MlflowClient

    workspace = WorkspaceClient()
    who = str(workspace.current_user.me().user_name)
    roll_out(Hands(client=MlflowClient(), endpoints=workspace.serving_endpoints, who=who), settings, project)


def roll_out(hands: Hands, settings: StepSettings, project: Project) -> None:
    """Allowed? Claimed? Then canary, endpoint, record, alias: each is left as it is when it is done already."""
    plan, model = project.workflow.promotion.canary, settings.need("model")
    why = allowed(hands.client, settings)
    claim = claimed(hands, settings, plan)
    try:
        if plan is not None:
            try_out(hands, settings, plan)
        move(hands, settings)
        claims.require(hands.client, model, claim)
        promote(hands, settings, why)
    finally:
        claims.release(hands.client, model, claim)
    _log.info("%s: version %s is deployed", project.name, settings.model_version)


def allowed(client: "MlflowClient", settings: StepSettings) -> str:
    """Why the version may be promoted.

    Errors: PromotionRefused, NotApproved.
    """
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model, version = settings.need("model"), settings.need("model_version")
    why = promotion.require_passed(
        versions.find(client, model, version).tags,
        model=model,
        version=version,
        champion=versions.champion(client, model),
        job_run_id=settings.job_run_id,
        accept_earlier=settings.accept_earlier_validation,
    )
    if settings.approval == "required":
        approve.approval(client, settings)
    return why


def claimed(hands: Hands, settings: StepSettings, plan: Canary | None) -> Claim:
    """The model, claimed for this deployment. Errors: DeploymentUnderWay."""
    now = dt.datetime.now(dt.UTC)
    until = now + _LONGEST + dt.timedelta(minutes=plan.minutes if plan else 0)
    claim = Claim(
        version=settings.need("model_version"),
        job_run=settings.job_run_id or "by hand",
        who=hands.who,
        until=until.isoformat(timespec="seconds"),
    )
    claims.take(hands.client, settings.need("model"), claim, now)
    return claim


def try_out(hands: Hands, settings: StepSettings, plan: Canary) -> None:
    """Let the version answer a part of the requests, and give them back when it does not do well.

    The verdict is written down before the traffic goes back: killed in between, the next run ends what was begun.

    Errors: CanaryFailed.
    """
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model, version, endpoint = settings.need("model"), settings.need("model_version"), settings.need("endpoint")
    if versions.champion(hands.client, model) == version:
        return
    tags = versions.find(hands.client, model, version).tags
    if tags.get(promotion.CANARY) != "FAILED":
        split = endpoints.split(hands.endpoints, endpoint, model, version, plan.percent)
        if split is None:
            _log.info("no canary: the endpoint %s serves nothing else to compare with", endpoint)
            return
        decision = watch(hands, endpoint, split, plan)
        word = "PASSED" if decision.word == "keep" else "FAILED"
        verdict = {promotion.CANARY: word, "canary_reason": decision.said}
        versions.tag(hands.client, model, version, verdict)
        if decision.word == "keep":
            return
    reason = versions.find(hands.client, model, version).tags.get("canary_reason", "")
    back = endpoints.restore(hands.endpoints, endpoint, model, version)
    versions.challenge(hands.client, model, version, is_challenger=False)
    raise CanaryFailed(
        f"{model} version {version} does not take over: {reason}. The endpoint {endpoint} is version {back}'s alone"
        " again, and the champion stays. Mend it, or validate it again to try once more."
    )


def watch(hands: Hands, endpoint: str, split: Split, plan: Canary) -> Decision:
    """Look at the endpoint's metrics until it is clear, or the time is over."""
    tally, begin = endpoint_metrics.Tally(), hands.clock_s()
    decision = Decision(word="wait", said="not looked at yet")
    while decision.word == "wait":
        contents = hands.endpoints.export_metrics(endpoint).contents
        text = contents.read().decode() if contents is not None else ""
        now = hands.clock_s()
        tally.add(endpoint_metrics.read(text), now)
        is_over = now - begin >= plan.minutes * 60
        champion, challenger = tally.of(split.champion), tally.of(split.challenger)
        decision = canary.decide(plan, champion, challenger, is_over=is_over)
        if decision.word == "wait":
            hands.sleep(_LOOK_S)
    _log.info("canary on %s: %s (%s)", endpoint, decision.word, decision.said)
    return decision


def move(hands: Hands, settings: StepSettings) -> None:
    """The endpoint onto the version, unless another champion came meanwhile: then it is that one's.

    Errors: PromotionRefused, EndpointNotUpdated.
    """
    model, endpoint = settings.need("model"), settings.need("endpoint")
    for look_again in (False, True):
        try:
            not_overtaken(hands, settings)
        except PromotionRefused:
            if champion := _champion(hands, model):
                endpoints.move(hands.endpoints, endpoint, model, champion)
            raise
        if not look_again:
            moved = endpoints.move(hands.endpoints, endpoint, model, settings.need("model_version"))
            _log.info("%s", moved.said)


def not_overtaken(hands: Hands, settings: StepSettings) -> None:
    """Errors: PromotionRefused when the champion of now is not the one that the version was compared with."""
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model, version = settings.need("model"), settings.need("model_version")
    tags, champion = versions.find(hands.client, model, version).tags, _champion(hands, model)
    if champion != version and tags.get(promotion.COMPARED_WITH) != (champion or "none"):
        raise PromotionRefused(
            f"{model}: version {champion or 'none'} became champion while version {version} was deployed."
            " Validate it again."
        )


def promote(hands: Hands, settings: StepSettings, why: str) -> None:
    """Write down who, what and why, then move the alias."""
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model, version = settings.need("model"), settings.need("model_version")
    previous = versions.champion(hands.client, model)
    if previous == version:
        _log.info("%s version %s is champion already", model, version)
        versions.challenge(hands.client, model, version, is_challenger=False)
        return
    found = versions.find(hands.client, model, version)
    tags = promotion.record(
        previous=previous,
        who=hands.who,
        why=why,
        job_run_id=settings.job_run_id,
        when=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        commit=commit_of(hands.client, found.tags, found.run_id),
    )
    approval = {"promotion_approval": found.tags.get(settings.approval_tag, "automatic")}
    versions.tag(hands.client, model, version, {**tags, **approval})
    hands.client.set_registered_model_alias(model, versions.CHAMPION, version)
    versions.challenge(hands.client, model, version, is_challenger=False)
    _log.info("%s: champion is version %s now, was %s", model, version, previous or "none")


def _champion(hands: Hands, model: str) -> str | None:
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    return versions.champion(hands.client, model)


def commit_of(client: "MlflowClient", tags: dict[str, str], run_id: str | None) -> str:
    """The commit that the version was trained from, as far as it is known; else the hash of the project's code."""
    from mlflow.exceptions import MlflowException

    try:
        run_tags = client.get_run(run_id).data.tags if run_id else {}
    except MlflowException:  # a copied version's run is in another workspace
        run_tags = {}
    known = {**run_tags, **tags}
    for key in ("trained_from_commit", "mlflow.source.git.commit"):
        if known.get(key):
            return str(known[key])
    code = known.get("brickyard.project_sha256")
    return f"unknown commit, code {code[:12]}" if code else "unknown"
