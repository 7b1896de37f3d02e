"""Steps of GitHub Actions: every action pinned by the hash of a release, and as whom a job signs in."""

from typing import Any

from brickyard.ci.settings import Release, Released
from brickyard.ci.stages import BUNDLE, PLUGINS, SET_UP, Step, only
from brickyard_stacks.settings import Environment

_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97"
_NODE = "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020"
_TERRAFORM = "hashicorp/setup-terraform@dfe3c3f87815947d99a8997f908cb6525fc44e9e"
_CACHE = "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae"
_UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"
DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"
_AZURE = "azure/login@f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca"
_AWS = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c"
# Read from these repositories on 2026-11-23.
VERSIONS = {
    _CHECKOUT: "v7.0.1",
    _PYTHON: "v7.0.0",
    _NODE: "v7.0.0",
    _TERRAFORM: "v4.0.1",
    _CACHE: "v5.0.5",
    _UPLOAD: "v7.0.0",
    DOWNLOAD: "v8.0.1",
    _AZURE: "v3.0.1",
    _AWS: "v6.2.3",
}
RUNNER = "ubuntu-24.04"
READ = {"contents": "read"}
SIGNED = {"contents": "read", "id-token": "write"}
_CACHED = f"~/.cache/pip\n~/.npm\n{PLUGINS}\n"
_LOCKS = "${{ runner.os }}-${{ hashFiles('Pipfile.lock', 'package-lock.json', 'cli/tools.lock.txt') }}"


def tools(release: Release) -> list[dict[str, Any]]:
    """The commit, and the tools that the lock files do not bring."""
    return [
        {"name": "The commit", "uses": _CHECKOUT, "with": {"persist-credentials": False}},
        {"uses": _PYTHON, "with": {"python-version": release.python}},
        {"uses": _NODE, "with": {"node-version": release.node, "package-manager-cache": False}},
        {"uses": _TERRAFORM, "with": {"terraform_version": release.terraform, "terraform_wrapper": False}},
        {"name": "Packages and plugins", "uses": _CACHE, "with": {"path": _CACHED, "key": _LOCKS}},
    ]


def ready(release: Release, released: Released, environment: Environment, who: str) -> list[dict[str, Any]]:
    """Tools, set-up, and the sign-in to the cloud; Databricks takes the job's own token."""
    steps = [*tools(release), step(SET_UP)]
    if released.azure is not None and _needs_azure(environment):
        logins = released.azure
        ids = {"client-id": getattr(logins, who), "tenant-id": logins.tenant, "subscription-id": logins.subscription}
        steps.append({"name": f"Azure, as who {_verb(who)}", "uses": _AZURE, "with": ids})
    if released.aws is not None and environment.state.backend == "s3":
        role = {"role-to-assume": getattr(released.aws, who), "aws-region": released.aws.region}
        steps.append({"name": f"AWS, as who {_verb(who)}", "uses": _AWS, "with": role})
    return steps


def _needs_azure(environment: Environment) -> bool:
    return environment.state.backend == "azurerm" or environment.workspace.auth.type == "azure-cli"


def _verb(who: str) -> str:
    return "plans" if who == "plan" else "applies"


def variables(released: Released, environment: Environment, who: str) -> dict[str, str]:
    """What the steps of a job read; no secret."""
    found = {
        "TARGET": released.name,
        "ONLY": only(released.parts),
        "BRICKYARD_SIGN_IN": who,
        "DATABRICKS_AUTH_TYPE": environment.workspace.auth.type,
        "TF_PLUGIN_CACHE_DIR": f"${{{{ github.workspace }}}}/{PLUGINS}",
    }
    if released.azure is not None and environment.state.backend == "azurerm":
        logins = released.azure
        found |= {"ARM_CLIENT_ID": getattr(logins, who), "ARM_TENANT_ID": logins.tenant}
    return found


def alone(name: str) -> dict[str, Any]:
    """One job at a time changes an environment. GitHub lets one more wait, the newest: an older one ends unapplied."""
    return {"group": f"apply-{name}", "cancel-in-progress": False}


def step(done: Step, **more: str) -> dict[str, Any]:
    """A step of ours; `more` are variables of it."""
    given = {**done.variables, **more}
    return {
        "name": done.title,
        **({"id": done.id} if done.id else {}),
        **({"env": given} if given else {}),
        "run": done.run,
    }


def posting(done: Step) -> dict[str, Any]:
    """One that posts what it found."""
    return step(done, PLATFORM="github", GITHUB_TOKEN="${{ github.token }}")  # noqa: S106 - the job's own, by reference


def upload(released: Released) -> dict[str, Any]:
    """The bundle, for the job that applies it."""
    given = {
        "name": artifact(released),
        "path": BUNDLE,
        "if-no-files-found": "error",
        "retention-days": 7,
        "overwrite": True,
    }
    return {"name": "The bundle, sealed", "uses": _UPLOAD, "with": given}


def whole_review(released: Released) -> dict[str, Any]:
    """The page of a preview, for what a comment has no room for; it holds no secret."""
    given = {
        "name": f"review-{released.name}",
        "path": f"{BUNDLE}/review.html",
        "retention-days": 7,
        "overwrite": True,
    }
    return {"name": "The whole review", "if": "${{ !cancelled() }}", "uses": _UPLOAD, "with": given}


def artifact(released: Released) -> str:
    """Rounds of one run follow each other, and each takes the place of the one before."""
    return f"plan-{released.name}"
