"""The workflows of GitHub Actions.

Every action is pinned by the hash of a release, jobs get the permissions that they need and no others, and what people
write (branches, titles) is never put into a script.
Source: docs.github.com/actions (workflow syntax, security hardening, OpenID Connect)
"""

from collections.abc import Sequence
from typing import Any

from brickyard.ci.settings import Release, Released
from brickyard.ci.stages import (
    AFTER_APPLY,
    APPLY,
    BUNDLE,
    CHECKS,
    DRIFT,
    PLAN,
    PLUGINS,
    PREVIEW,
    SET_UP,
    TRAIN,
    VERIFY,
    Step,
    only,
    synth,
)
from brickyard.ci.yaml_text import yaml_text
from brickyard_stacks.settings import Environment

_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97"
_NODE = "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020"
_TERRAFORM = "hashicorp/setup-terraform@dfe3c3f87815947d99a8997f908cb6525fc44e9e"
_CACHE = "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae"
_UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"
_DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"
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
    _DOWNLOAD: "v8.0.1",
    _AZURE: "v3.0.1",
    _AWS: "v6.2.3",
}
_RUNNER = "ubuntu-24.04"
_READ = {"contents": "read"}
_SIGNED = {"contents": "read", "id-token": "write"}
_GO_ON = "!failure() && !cancelled()"
_CACHED = f"~/.cache/pip\n~/.npm\n{PLUGINS}\n"
_LOCKS = "${{ runner.os }}-${{ hashFiles('Pipfile.lock', 'package-lock.json', 'cli/tools.lock.txt') }}"

Chain = Sequence[tuple[Released, Environment]]


def github_files(release: Release, chain: Chain, environments: Sequence[str]) -> dict[str, str]:
    """Path and text of each workflow. `environments` are all that must synthesise."""
    files = {
        "pull-request": (_pull_request(release, chain, environments), "What a pull request would change, reviewed."),
        "release": (_release(release, chain), "A commit of the main branch goes through the environments."),
        "drift": (_drift(release, chain), "Every night: did reality leave the code?"),
        "destroy": (
            _destroy(chain),
            "Everything of one environment goes, by a plan of its own that somebody approves.",
        ),
    }
    for released, environment in chain:
        about = f"Plan {released.name}, wait for approval, apply exactly that plan. Other workflows call it."
        files[f"deploy-{released.name}"] = (_deploy(release, released, environment), about)
    return {
        f".github/workflows/{name}.yml": yaml_text(document, about=about, versions=VERSIONS)
        for name, (document, about) in files.items()
    }


def _pull_request(release: Release, chain: Chain, environments: Sequence[str]) -> dict[str, Any]:
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    jobs: dict[str, Any] = {
        "checks": {
            "runs-on": _RUNNER,
            "timeout-minutes": 60,
            "permissions": _READ,
            "steps": [*_tools(release), *map(_step, CHECKS), *(_step(synth(name)) for name in environments)],
        }
    }
    for released, environment in chain:
        jobs[f"preview-{released.name}"] = {
            "needs": "checks",
            "if": f"${{{{ {own} }}}}",  # a fork's gets no identity
            "runs-on": _RUNNER,
            "timeout-minutes": 30,
            "environment": {"name": f"{released.name}-plan"},
            "permissions": {**_SIGNED, "pull-requests": "write", "checks": "write"},
            "env": _variables(released, environment, "plan"),
            "steps": [*_ready(release, released, environment, "plan"), _posting(PREVIEW)],
        }
    return {
        "name": "Pull request",
        "on": {"pull_request": {"branches": [release.main]}},
        "permissions": {},
        "concurrency": {"group": "pull-request-${{ github.event.number }}", "cancel-in-progress": True},
        "jobs": jobs,
    }


def _release(release: Release, chain: Chain) -> dict[str, Any]:
    jobs: dict[str, Any] = {}
    last = ""
    for released, environment in chain:
        name = released.name
        jobs[f"deploy-{name}"] = _call(name, last)
        waits = f"needs.deploy-{name}.outputs.waiting == 'true'"
        jobs[f"follow-{name}"] = _call(name, f"deploy-{name}", condition=waits)
        jobs[f"train-{name}"] = _train(release, released, environment)
        jobs[f"serve-{name}"] = _call(name, f"train-{name}", complete=True)
        last = f"serve-{name}"
    train = {"description": "run the model workflow as well", "type": "boolean", "default": False}
    return {
        "name": "Release",
        "on": {"push": {"branches": [release.main]}, "workflow_dispatch": {"inputs": {"train": train}}},
        "permissions": {},
        "concurrency": {"group": "release", "cancel-in-progress": False},
        "jobs": jobs,
    }


def _call(
    name: str, after: str, *, condition: str = "", complete: bool = False, destroy: bool = False
) -> dict[str, Any]:
    conditions = " && ".join(filter(None, (_GO_ON, condition)))
    given = {key: True for key, value in (("complete", complete), ("destroy", destroy)) if value}
    return {
        **({"needs": after} if after else {}),
        "if": f"${{{{ {conditions} }}}}",
        "permissions": _SIGNED,
        "uses": f"./.github/workflows/deploy-{name}.yml",
        **({"with": given} if given else {}),
    }


def _train(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    name = released.name
    asked = "(github.event_name == 'push' || inputs.train)"
    return {
        "needs": [f"deploy-{name}", f"follow-{name}"],
        "if": f"${{{{ {_GO_ON} && {asked} }}}}",
        "runs-on": _RUNNER,
        "timeout-minutes": 360,
        "environment": {"name": name},
        "concurrency": _alone(name),
        "permissions": _SIGNED,
        "env": _variables(released, environment, "apply"),
        "steps": [*_ready(release, released, environment, "apply"), _step(TRAIN)],
    }


def _deploy(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    outputs = {name: f"${{{{ steps.plan.outputs.{name} }}}}" for name in ("digest", "changes", "waiting")}
    plan = {
        "runs-on": _RUNNER,
        "timeout-minutes": 30,
        "environment": {"name": f"{released.name}-plan"},
        "permissions": _SIGNED,
        "outputs": outputs,
        "env": {
            **_variables(released, environment, "plan"),
            "RECIPIENT": released.recipient,
            "DESTROY": "${{ inputs.destroy && '--destroy' || '' }}",
        },
        "steps": [*_ready(release, released, environment, "plan"), _step(PLAN), _upload(released)],
    }
    gate = f"${{{{ inputs.destroy && '{released.name}-destroy' || '{released.name}' }}}}"
    not_destroyed = "${{ !inputs.destroy }}"
    apply = {
        "needs": "plan",
        "if": "${{ needs.plan.outputs.changes == 'true' }}",
        "runs-on": _RUNNER,
        "timeout-minutes": 120,
        "environment": {"name": gate},
        "concurrency": _alone(released.name),
        "permissions": _SIGNED,
        "env": {
            **_variables(released, environment, "apply"),
            "DIGEST": "${{ needs.plan.outputs.digest }}",
            "COMPLETE": "${{ inputs.complete && '--complete' || '' }}",
        },
        "steps": [
            *_ready(release, released, environment, "apply"),
            {"name": "The bundle", "uses": _DOWNLOAD, "with": {"name": _artifact(released), "path": BUNDLE}},
            _step(APPLY, BRICKYARD_PLAN_KEY_COMMAND=released.key_command),
            {**_step(AFTER_APPLY), "if": not_destroyed},
            {**_step(VERIFY), "if": not_destroyed},
        ],
    }
    flags = {
        "complete": "what still waits fails: after the model workflow",
        "destroy": "everything of this environment goes",
    }
    return {
        "name": f"Deploy {released.name}",
        "on": {
            "workflow_call": {
                "inputs": {
                    name: {"description": text, "type": "boolean", "default": False} for name, text in flags.items()
                },
                "outputs": {
                    "waiting": {
                        "description": "whether some stacks could not be planned yet",
                        "value": "${{ jobs.plan.outputs.waiting }}",
                    }
                },
            }
        },
        "permissions": {},
        "jobs": {"plan": plan, "apply": apply},
    }


def _drift(release: Release, chain: Chain) -> dict[str, Any]:
    return {
        "name": "Drift",
        "on": {"schedule": [{"cron": release.drift_at}], "workflow_dispatch": {}},
        "permissions": {},
        "jobs": {
            released.name: {
                "runs-on": _RUNNER,
                "timeout-minutes": 30,
                "environment": {"name": f"{released.name}-plan"},
                "concurrency": {"group": f"drift-{released.name}", "cancel-in-progress": False},
                "permissions": {**_SIGNED, "issues": "write"},
                "env": _variables(released, environment, "plan"),
                "steps": [*_ready(release, released, environment, "plan"), _posting(DRIFT)],
            }
            for released, environment in chain
        },
    }


def _destroy(chain: Chain) -> dict[str, Any]:
    names = [released.name for released, _ in chain]
    which = {"description": "the environment", "type": "choice", "required": True, "options": names}
    jobs = {name: _call(name, "", condition=f"inputs.environment == '{name}'", destroy=True) for name in names}
    return {
        "name": "Destroy",
        "on": {"workflow_dispatch": {"inputs": {"environment": which}}},
        "permissions": {},
        "concurrency": {"group": "release", "cancel-in-progress": False},
        "jobs": jobs,
    }


def _tools(release: Release) -> list[dict[str, Any]]:
    """The commit, and the tools that the lock files do not bring."""
    return [
        {"name": "The commit", "uses": _CHECKOUT, "with": {"persist-credentials": False}},
        {"uses": _PYTHON, "with": {"python-version": release.python}},
        {"uses": _NODE, "with": {"node-version": release.node, "package-manager-cache": False}},
        {"uses": _TERRAFORM, "with": {"terraform_version": release.terraform, "terraform_wrapper": False}},
        {"name": "Packages and plugins", "uses": _CACHE, "with": {"path": _CACHED, "key": _LOCKS}},
    ]


def _ready(release: Release, released: Released, environment: Environment, who: str) -> list[dict[str, Any]]:
    """Tools, set-up, and the sign-in to the cloud; Databricks takes the job's own token."""
    steps = [*_tools(release), _step(SET_UP)]
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


def _variables(released: Released, environment: Environment, who: str) -> dict[str, str]:
    """What the steps of a job read; no secret."""
    variables = {
        "TARGET": released.name,
        "ONLY": only(released.parts),
        "BRICKYARD_SIGN_IN": who,
        "DATABRICKS_AUTH_TYPE": environment.workspace.auth.type,
        "TF_PLUGIN_CACHE_DIR": f"${{{{ github.workspace }}}}/{PLUGINS}",
    }
    if released.azure is not None and environment.state.backend == "azurerm":
        logins = released.azure
        variables |= {"ARM_CLIENT_ID": getattr(logins, who), "ARM_TENANT_ID": logins.tenant}
    return variables


def _alone(name: str) -> dict[str, Any]:
    """One job at a time changes an environment. GitHub lets one more wait, the newest: an older one ends unapplied."""
    return {"group": f"apply-{name}", "cancel-in-progress": False}


def _step(step: Step, **more: str) -> dict[str, Any]:
    variables = {**step.variables, **more}
    return {
        "name": step.title,
        **({"id": step.id} if step.id else {}),
        **({"env": variables} if variables else {}),
        "run": step.run,
    }


def _posting(step: Step) -> dict[str, Any]:
    return _step(step, PLATFORM="github", GITHUB_TOKEN="${{ github.token }}")  # noqa: S106 - the job's own, by reference


def _upload(released: Released) -> dict[str, Any]:
    given = {
        "name": _artifact(released),
        "path": BUNDLE,
        "if-no-files-found": "error",
        "retention-days": 7,
        "overwrite": True,
    }
    return {"name": "The bundle, sealed", "uses": _UPLOAD, "with": given}


def _artifact(released: Released) -> str:
    """Rounds of one run follow each other, and each takes the place of the one before."""
    return f"plan-{released.name}"
