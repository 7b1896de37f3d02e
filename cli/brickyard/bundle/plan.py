"""`brickyard plan`: synthesise, plan every stack, review, and seal what may be applied."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard.bundle.manifest import MANIFEST, SEALED
from brickyard.bundle.order import stacks_in_order
from brickyard.bundle.planned import Planned, plan_stack
from brickyard.bundle.sealing import own_recipient
from brickyard.bundle.sign_ins import take_out, variables_of
from brickyard.bundle.writing import Bundling, write_bundle
from brickyard.clone import Clone
from brickyard.commits import commit_of
from brickyard.errors import NoPlanKey, WouldDestroy
from brickyard.pipeline_run import summarise
from brickyard.protection import OVERRIDE
from brickyard.release import refuse_unreleased
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard.terraform import Synthesised, synthesise
from brickyard.whole_file import write_whole
from brickyard_stacks.planning import SIGN_IN_VARIABLE, signed_in
from brickyard_stacks.settings import Environment, environment_file, load_environment

if TYPE_CHECKING:
    from brickyard.review_post import Poster
    from brickyard_review import Review, Settings

UNDECIDED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command line says. `preview` writes no bundle: a pull request's plan is never applied."""

    environment: str
    parts: Sequence[str]
    out: Path
    preview: bool
    destroy: bool
    refresh: bool
    recipient: str | None
    settings: "Settings"
    poster: "Poster | None"


def plan(clone: Clone, screen: Screen, asked: Asked) -> int:
    """Returns the review's exit status: 0, 2 with findings at the threshold, 3 where nothing was decided.

    Errors: NotReleased, NoPlanKey, CannotPlan, WouldDestroy, DeployFailed, InvalidSettings, CannotPost.
    """
    environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": asked.environment}))
    recipient = "" if asked.preview else _recipient(clone, environment, asked.recipient)
    if not asked.preview:
        refuse_unreleased(clone, environment.name, "deploy", os.environ)
    folder = clone.state / "plans" / environment.name
    remove([folder])
    folder.mkdir(parents=True, mode=0o700)
    try:
        synthesised, planned = _planned(clone, screen, asked, environment, folder)
        made = _reviewed(synthesised, planned, asked)
        _show(made, asked)
        if not asked.preview:
            refuse_deletions(environment, planned)
            write_bundle(asked.out, _bundling(clone, asked, recipient, made), synthesised, planned)
    finally:
        remove([folder])  # saved plans hold what is secret
    return made.exit_code


def _recipient(clone: Clone, environment: Environment, given: str | None) -> str:
    if given:
        return given
    if environment.stage == "local":
        return own_recipient(clone)
    raise NoPlanKey(
        f"A saved plan of {environment.name} holds what is secret, and nobody says for whom to seal it: --recipient "
        "age1…, the public key of who applies (`brickyard plan-key FILE` makes a pair). --preview writes no plan."
    )


def _planned(
    clone: Clone, screen: Screen, asked: Asked, environment: Environment, folder: Path
) -> tuple[Synthesised, list[Planned]]:
    with screen.step(f"Synthesise {environment.name}"):
        # As who applies: the plan's own sign-in is given to Terraform, and does not go into the saved plan.
        synthesised = synthesise(clone, environment.name, folder, **{SIGN_IN_VARIABLE: ""})
        stacks = stacks_in_order(folder, environment.name, asked.parts)
    signing = signed_in(environment, os.environ)
    planned = []
    for stack in reversed(stacks) if asked.destroy else stacks:
        with screen.step(f"Plan {stack}") as step:
            owners = take_out(folder / "stacks" / stack, environment, clone.root)
            given = {**synthesised.variables, **variables_of(signing, owners, clone.root)}
            terraform = Synthesised(folder=folder, variables=given)
            planned.append(plan_stack(terraform, stack, sign_ins=owners, options=_options(asked)))
            step.done(_counted(planned[-1]))
    return synthesised, planned


def _options(asked: Asked) -> tuple[str, ...]:
    destroying = ("-destroy",) if asked.destroy else ()
    return destroying if asked.refresh else (*destroying, "-refresh=false")


def _counted(planned: Planned) -> str:
    counts = ", ".join(f"{count} {action}" for action, count in planned.entry.actions.items())
    return counts or ("outputs only" if planned.entry.changes else "no change")


def _reviewed(synthesised: Synthesised, planned: Sequence[Planned], asked: Asked) -> "Review":
    from brickyard_review import PlanFile, review_plans
    from brickyard_review.sources import read_sources

    def file(each: Planned) -> PlanFile:
        folder = synthesised.folder / "stacks" / each.entry.name
        return PlanFile(
            stack=each.entry.name,
            name=each.entry.name,
            open=lambda: io.BytesIO(each.shown),
            sources=read_sources(folder),
        )

    return review_plans([file(each) for each in planned], asked.settings)


def _show(made: "Review", asked: Asked) -> None:
    """Files beside the bundle, the run's page, and the pull request's comment; none holds a secret."""
    from brickyard_review.render.as_json import to_json
    from brickyard_review.render.html.page import to_html
    from brickyard_review.render.markdown.document import to_markdown

    asked.out.mkdir(parents=True, exist_ok=True)
    for old in (MANIFEST, SEALED):
        (asked.out / old).unlink(missing_ok=True)
    write_whole(asked.out / "review.json", to_json(made) + "\n")
    write_whole(asked.out / "review.html", to_html(made) + "\n")
    write_whole(asked.out / "review.md", to_markdown(made, 150_000) + "\n")
    summarise(asked.out / "review.md")
    print(f"{made.verdict}: {made.headline}")
    if asked.poster is not None:
        asked.poster.post(made)


def refuse_deletions(environment: Environment, planned: Sequence[Planned]) -> None:
    """Errors: WouldDestroy, for what holds data and nobody has named."""
    if not environment.deletion_protection:
        return
    named = {address.strip() for address in os.environ.get(OVERRIDE, "").split(",")}
    lost = [address for each in planned for address in each.entry.destroys if address not in named]
    if lost:
        told = "".join(f"\n  {address}" for address in lost)
        raise WouldDestroy(
            f"this plan would delete what holds data, in an environment with deletion_protection:{told}\n"
            "Put its settings back, or set deletion_protection: false by a reviewed change. To delete only these, name "
            f"them: {OVERRIDE}='{','.join(lost)}'. No bundle was written."
        )


def _bundling(clone: Clone, asked: Asked, recipient: str, made: "Review") -> Bundling:
    return Bundling(
        environment=asked.environment,
        commit=commit_of(clone.root),
        destroy=asked.destroy,
        refreshed=asked.refresh,
        recipient=recipient,
        made=made,
    )
