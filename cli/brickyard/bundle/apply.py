"""`brickyard apply`: exactly the saved plans that were approved, or nothing."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brickyard.bundle.archive import unpack
from brickyard.bundle.manifest import SEALED, Manifest, PlannedStack, Position, digest_of, read_manifest
from brickyard.bundle.planned import PLAN, state_position
from brickyard.bundle.sealing import identity, unseal
from brickyard.bundle.sign_ins import variables_of
from brickyard.bundle.writing import terraform_version
from brickyard.cdktf import settings_of
from brickyard.clone import Clone
from brickyard.commits import commit_of
from brickyard.errors import BundleRefused, DeployFailed
from brickyard.release import refuse_unreleased
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard.terraform import Synthesised
from brickyard_stacks.settings import Environment, environment_file, load_environment

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SUMMARY = re.compile(r"(?:Apply|Destroy) complete! Resources: .*")
_WAIT_FOR_LOCK = "-lock-timeout=180s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The bundle, the digest that somebody approved, the environment that this job may reach, and if all of it goes."""

    bundle: Path
    approved: str
    environment: str | None
    destroy: bool = False


def apply(clone: Clone, screen: Screen, asked: Asked) -> None:
    """Look at everything first, then apply stack by stack.

    Errors: BundleRefused, NoPlanKey, NotReleased, DeployFailed, InvalidSettings.
    """
    with screen.step("Check the bundle") as step:
        manifest = approved_manifest(asked)
        environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": manifest.environment}))
        _refuse_another_commit(clone, manifest)
        refuse_unreleased(clone, environment.name, "apply", os.environ)
        content = _opened(clone, asked.bundle, manifest)
        step.done(f"{environment.name} at {manifest.commit[:12]}, {len(manifest.changing)} stacks to apply")
    folder = clone.state / "applying" / environment.name
    remove([folder])
    (folder / "stacks").mkdir(parents=True, mode=0o700)
    try:
        unpack(content, folder / "stacks", manifest)
        _apply(clone, screen, environment, manifest, folder)
    finally:
        remove([folder])  # saved plans hold what is secret


def approved_manifest(asked: Asked) -> Manifest:
    """The manifest, if it is what was approved. Errors: BundleRefused."""
    if not _DIGEST.fullmatch(asked.approved):
        raise BundleRefused(
            f"{asked.approved!r} approves nothing: it is sha256: and 64 digits, as `brickyard plan` told it."
        )
    manifest, digest = read_manifest(asked.bundle)
    if digest != asked.approved:
        raise BundleRefused(
            f"This bundle is {digest}, and {asked.approved} was approved. It was altered, or is another. Plan again."
        )
    if asked.environment and manifest.environment != asked.environment:
        raise BundleRefused(f"This bundle is {manifest.environment}'s, and {asked.environment} is to be deployed.")
    if manifest.destroy != asked.destroy:
        raise BundleRefused(_other_purpose(manifest))
    if manifest.review.exit_code:
        raise BundleRefused(
            f"The review of this bundle ended with {manifest.review.exit_code} ({manifest.review.headline}): nothing "
            f"at or above '{manifest.review.threshold}' is applied. Change the plan, or waive the finding by a file."
        )
    return manifest


def _other_purpose(manifest: Manifest) -> str:
    """To destroy has an approval of its own, and no other one may pass for it."""
    if manifest.destroy:
        return (
            f"This bundle takes everything of {manifest.environment} away, and what is asked for is to deploy. What "
            "destroys is approved where that is asked for: apply it with --destroy."
        )
    return f"--destroy is asked for, and this bundle deploys {manifest.environment}: apply it without."


def _refuse_another_commit(clone: Clone, manifest: Manifest) -> None:
    commit = commit_of(clone.root)
    if commit.sha != manifest.commit:
        raise BundleRefused(
            f"This bundle was planned at commit {manifest.commit}, and this clone is at {commit.sha}. Check "
            "the bundle's commit out, or plan again."
        )


def _opened(clone: Clone, bundle: Path, manifest: Manifest) -> bytes:
    try:
        sealed = (bundle / SEALED).read_bytes()
    except OSError as error:
        raise BundleRefused(f"{bundle / SEALED}: {error.strerror}. The bundle is not whole: plan again.") from error
    if digest_of(sealed) != manifest.sealed_sha256:
        raise BundleRefused(f"{bundle / SEALED} is not what the manifest says: it was altered. Plan again.")
    return unseal(sealed, identity(clone))


def _apply(clone: Clone, screen: Screen, environment: Environment, manifest: Manifest, folder: Path) -> None:
    given = {**os.environ, "BRICKYARD_ENV": environment.name}
    variables = settings_of(clone, ["apply"], given)
    terraform = {
        stack.name: Synthesised(
            folder=folder, variables={**variables, **variables_of(environment, stack.sign_ins, clone.root)}
        )
        for stack in manifest.changing
    }
    with screen.step("Check the states") as step:
        for stack in manifest.changing:
            step.say(stack.name)
            _refuse_another_terraform(terraform[stack.name], manifest)
            terraform[stack.name].terraform(stack.name, "init", "-input=false", "-lockfile=readonly")
            refuse_stale(stack, state_position(terraform[stack.name], stack.name))
    done: list[str] = []
    for stack in manifest.changing:
        with screen.step(f"Apply {stack.name}") as step:
            step.done(_applied(terraform[stack.name], stack.name, done))
            done.append(stack.name)
    if not manifest.changing:
        screen.line("Nothing to apply: no stack of this bundle changes anything.")


def _refuse_another_terraform(terraform: Synthesised, manifest: Manifest) -> None:
    found = terraform_version(terraform)
    if found != manifest.terraform:
        raise BundleRefused(
            f"This bundle was planned by Terraform {manifest.terraform}, and here is {found}, which may read it "
            "otherwise. Use the same version in both jobs."
        )


def refuse_stale(stack: PlannedStack, now: Position) -> None:
    """Errors: BundleRefused, when the state is not where it was planned on."""
    if now == stack.state:
        return
    there = f"at serial {now.serial} of {now.lineage or 'no lineage'}"
    raise BundleRefused(
        f"The plan of {stack.name} is stale: it was made on serial {stack.state.serial} of "
        f"{stack.state.lineage or 'no lineage'}, and the state is {there}. Somebody deployed since. Nothing was "
        "applied: plan again."
    )


def _applied(terraform: Synthesised, stack: str, done: Sequence[str]) -> str:
    try:
        said = terraform.terraform(stack, "apply", "-input=false", _WAIT_FOR_LOCK, PLAN)
    except DeployFailed as error:
        before = f"Applied before it: {', '.join(done)}. " if done else "No stack was applied before it. "
        raise DeployFailed(
            f"{error}\n{before}What stands now is in the states: plan again, and go on from there."
        ) from error
    found = _SUMMARY.search(said)
    return found.group(0) if found else ""
