"""The pipelines of Azure DevOps.

Where Databricks is signed in to by the login of `az`, each job runs inside AzureCLI@2 with a service connection of its
own: one to plan, one to apply, so that approvals and branch control stand on the connection. Where it is signed in to
by azure-devops-oidc there is one subject for each pipeline, and no connection between: then planning and applying are
two pipelines, and who applies types the digest that was approved.
Source: learn.microsoft.com/azure/devops/pipelines (YAML schema, expressions, deployment jobs, approvals and checks)
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

_POOL = {"vmImage": "ubuntu-24.04"}
_TOOLS = "tools.yml"
_TOKEN = {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}
_OIDC = "azure-devops-oidc"
# The backend signs in to Azure Storage by the service connection of the task that it runs in.
_STATE_BY_CONNECTION = (
    'export ARM_CLIENT_ID="$AZURESUBSCRIPTION_CLIENT_ID" ARM_TENANT_ID="$AZURESUBSCRIPTION_TENANT_ID"\n'
    'export ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID="$AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"\n'
)

Chain = Sequence[tuple[Released, Environment]]


def azure_files(release: Release, chain: Chain, environments: Sequence[str]) -> dict[str, str]:
    """Path and text of each pipeline and template. `environments` are all that must synthesise."""
    together = [each for each in chain if not _apart(each[1])]
    files: dict[str, tuple[dict[str, Any], str]] = {
        "ci/azure/tools.yml": (_tools(release), "Steps: the tools that the lock files do not bring, and caches."),
        "ci/azure/pull-request.yml": (
            _pull_request(together, environments),
            "What a pull request would change, reviewed: a build validation of the main branch.",
        ),
    }
    if together:
        files["azure-pipelines.yml"] = (_release(release, together), "A commit goes through the environments.")
        files["ci/azure/drift.yml"] = (_drift(release, together), "Every night: did reality leave the code?")
        files["ci/azure/destroy.yml"] = (_destroy(together), "Everything of one environment goes, by an approved plan.")
    for released, environment in chain:
        name = released.name
        if _apart(environment):
            about = f"Plan {name}: a preview for pull requests, a bundle for the main branch, drift at night."
            files[f"ci/azure/plan-{name}.yml"] = (_plan_alone(release, released, environment), about)
            about = f"Apply to {name} exactly the bundle whose digest is typed. Its identity is this pipeline's alone."
            files[f"ci/azure/apply-{name}.yml"] = (_apply_alone(released, environment), about)
        else:
            about = f"Stages: plan {name}, wait for approval, apply exactly that plan."
            files[f"ci/azure/deploy-{name}.yml"] = (_deploy(released, environment), about)
    return {path: yaml_text(document, about=about, versions={}) for path, (document, about) in files.items()}


def _apart(environment: Environment) -> bool:
    """Whether planning and applying are two pipelines."""
    return _OIDC in (environment.workspace.auth.type, environment.platform_auth.type)


def _pull_request(chain: Chain, environments: Sequence[str]) -> dict[str, Any]:
    checks = {
        "job": "checks",
        "pool": _POOL,
        "timeoutInMinutes": 60,
        "steps": [*_begin(_TOOLS), *map(_script, CHECKS), *(_script(synth(name)) for name in environments)],
    }
    previews = [
        {
            "job": f"preview_{_id(released)}",
            "dependsOn": "checks",
            "pool": _POOL,
            "timeoutInMinutes": 30,
            "variables": _variables(released, environment, "plan"),
            "steps": [*_begin(_TOOLS), _script(SET_UP), _posting(released, environment, PREVIEW)],
        }
        for released, environment in chain
    ]
    return {"trigger": "none", "pool": _POOL, "jobs": [checks, *previews]}


def _release(release: Release, chain: Chain) -> dict[str, Any]:
    stages: list[dict[str, Any]] = []
    before: list[str] = []
    for released, environment in chain:
        stages += _through(released, environment, before)
        before = [_id(released)]
    train = {"name": "train", "displayName": "Run the model workflow as well", "type": "boolean", "default": True}
    return {
        "trigger": {"batch": True, "branches": {"include": [release.main]}},
        "pr": "none",
        "lockBehavior": "sequential",
        "parameters": [train],
        "pool": _POOL,
        "stages": stages,
    }


def _through(released: Released, environment: Environment, before: list[str]) -> list[dict[str, Any]]:
    """One environment: deploy, what waited for it, the model workflow, what waited for that."""
    name = _id(released)
    deploy, follow, serve = (_Round(round_, name) for round_ in ("deploy", "follow", "serve"))
    earlier = [_Round("serve", each) for each in before]
    trained = f"or(eq(dependencies.train_{name}.result, 'Succeeded'), eq('${{{{ parameters.train }}}}', 'False'))"
    waits = f"eq({deploy.output('waiting')}, 'true')"
    followed = f"or({follow.settled}, eq({deploy.output('waiting')}, 'false'))"
    train = {
        "stage": f"train_{name}",
        "dependsOn": [*deploy.stages, *follow.stages],
        "condition": f"and({deploy.settled}, {followed}, eq('${{{{ parameters.train }}}}', 'True'))",
        "lockBehavior": "sequential",
        "jobs": [
            _deployment(released, environment, "train", [_signed(released, environment, "apply", TRAIN)], hours=6)
        ],
    }
    after_all = [*deploy.stages, *follow.stages, f"train_{name}"]
    first = [each.settled for each in earlier] or ["not(canceled())"]
    return [
        _call(released, deploy, [stage for each in earlier for stage in each.stages], first[0]),
        _call(released, follow, list(deploy.stages), f"and({deploy.settled}, {waits})"),
        train,
        _call(released, serve, after_all, f"and({deploy.settled}, {followed}, {trained})", complete="--complete"),
    ]


class _Round:
    """A plan stage and its apply stage, as the conditions of later stages name them."""

    def __init__(self, round_: str, environment: str) -> None:
        self.name = round_
        self.stages = (f"{round_}_{environment}_plan", f"{round_}_{environment}_apply")

    def output(self, name: str) -> str:
        """What the plan told."""
        return f"dependencies.{self.stages[0]}.outputs['plan.plan.{name}']"

    @property
    def settled(self) -> str:
        """Applied, or nothing to apply. A stage whose approval ran out is skipped, and must not pass for either."""
        return f"or(eq(dependencies.{self.stages[1]}.result, 'Succeeded'), eq({self.output('changes')}, 'false'))"


def _call(released: Released, round_: _Round, after: list[str], condition: str, **more: str) -> dict[str, Any]:
    given = {"round": round_.name, "after": after, "condition": condition, **more}
    return {"template": f"ci/azure/deploy-{released.name}.yml", "parameters": given}


def _deploy(released: Released, environment: Environment) -> dict[str, Any]:
    name = _id(released)
    planned = f"${{{{ parameters.round }}}}_{name}_plan"
    given: list[dict[str, Any]] = [
        {"name": "round", "type": "string"},
        {"name": "after", "type": "object", "default": []},
        {"name": "condition", "type": "string", "default": "not(canceled())"},
        {"name": "complete", "type": "string", "default": "", "values": ["", "--complete"]},
        {"name": "destroy", "type": "string", "default": "", "values": ["", "--destroy"]},
        {"name": "gate", "type": "string", "default": released.name},
    ]
    plan = {
        "stage": planned,
        "dependsOn": "${{ parameters.after }}",
        "condition": "${{ parameters.condition }}",
        "jobs": [_planning(released, environment)],
    }
    digest = f"$[ stageDependencies.{planned}.plan.outputs['plan.digest'] ]"
    steps = [
        {"download": "current", "artifact": f"${{{{ parameters.round }}}}-{released.name}"},
        *_applying(released, environment, f"$(Pipeline.Workspace)/${{{{ parameters.round }}}}-{released.name}"),
    ]
    job = _deployment(released, environment, "apply", steps, gate="${{ parameters.gate }}")
    job["variables"] |= {"DIGEST": digest, "COMPLETE": "${{ parameters.complete }}"}
    apply = {
        "stage": f"${{{{ parameters.round }}}}_{name}_apply",
        "dependsOn": planned,
        "condition": f"and(succeeded(), eq(dependencies.{planned}.outputs['plan.plan.changes'], 'true'))",
        "lockBehavior": "sequential",
        "jobs": [job],
    }
    return {"parameters": given, "stages": [plan, apply]}


def _planning(released: Released, environment: Environment) -> dict[str, Any]:
    artifact = f"${{{{ parameters.round }}}}-{released.name}"
    return {
        "job": "plan",
        "timeoutInMinutes": 30,
        "variables": {
            **_variables(released, environment, "plan"),
            "RECIPIENT": released.recipient,
            "DESTROY": "${{ parameters.destroy }}",
        },
        "steps": [
            *_begin(_TOOLS),
            _script(SET_UP),
            _signed(released, environment, "plan", PLAN),
            {"publish": BUNDLE, "artifact": artifact, "displayName": "The bundle, sealed"},
        ],
    }


def _applying(released: Released, environment: Environment, bundle: str) -> list[dict[str, Any]]:
    """Verify is not asked where everything was to go."""
    not_destroyed = "and(succeeded(), ne('${{ parameters.destroy }}', '--destroy'))"
    steps = [{"bash": f'cp -r "$FROM" {BUNDLE}', "displayName": "The bundle", "env": {"FROM": bundle}}]
    steps.append(_signed(released, environment, "apply", APPLY, BRICKYARD_PLAN_KEY_COMMAND=released.key_command))
    steps += [
        {**_signed(released, environment, "apply", step), "condition": not_destroyed} for step in (AFTER_APPLY, VERIFY)
    ]
    return steps


def _deployment(
    released: Released,
    environment: Environment,
    job: str,
    steps: list[dict[str, Any]],
    *,
    gate: str = "",
    hours: int = 2,
) -> dict[str, Any]:
    """A deployment job: approvals, branch control and the exclusive lock stand on its environment."""
    return {
        "deployment": job,
        "environment": gate or released.name,
        "timeoutInMinutes": 60 * hours,
        "variables": _variables(released, environment, "apply"),
        "strategy": {"runOnce": {"deploy": {"steps": [*_begin(_TOOLS), _script(SET_UP), *steps]}}},
    }


def _drift(release: Release, chain: Chain) -> dict[str, Any]:
    jobs = [
        {
            "job": f"drift_{_id(released)}",
            "timeoutInMinutes": 30,
            "variables": _variables(released, environment, "plan"),
            "steps": [*_begin(_TOOLS), _script(SET_UP), _posting(released, environment, DRIFT)],
        }
        for released, environment in chain
    ]
    return {"trigger": "none", "pr": "none", "schedules": _nightly(release), "pool": _POOL, "jobs": jobs}


def _nightly(release: Release) -> list[dict[str, Any]]:
    return [{"cron": release.drift_at, "displayName": "Drift", "branches": {"include": [release.main]}, "always": True}]


def _destroy(chain: Chain) -> dict[str, Any]:
    names = [released.name for released, _ in chain]
    which = {
        "name": "environment",
        "displayName": "Everything of which environment goes",
        "type": "string",
        "values": names,
    }
    stages = [
        {
            "template": f"deploy-{name}.yml",
            "parameters": {
                "round": "destroy",
                "condition": f"eq('${{{{ parameters.environment }}}}', '{name}')",
                "destroy": "--destroy",
                "gate": f"{name}-destroy",
            },
        }
        for name in names
    ]
    head = {"trigger": "none", "pr": "none", "lockBehavior": "sequential"}
    return {**head, "parameters": [which], "pool": _POOL, "stages": stages}


def _plan_alone(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    reason = "variables['Build.Reason']"
    plan = [
        _signed(released, environment, "plan", PLAN),
        {"publish": BUNDLE, "artifact": BUNDLE, "displayName": "The bundle, sealed"},
    ]
    steps: list[dict[str, Any]] = [
        *_begin(_TOOLS),
        _script(SET_UP),
        {**_posting(released, environment, PREVIEW), "condition": f"and(succeeded(), eq({reason}, 'PullRequest'))"},
        {**_posting(released, environment, DRIFT), "condition": f"and(succeeded(), eq({reason}, 'Schedule'))"},
        *({**each, "condition": f"and(succeeded(), not(in({reason}, 'PullRequest', 'Schedule')))"} for each in plan),
    ]
    destroy = {
        "name": "destroy",
        "displayName": "Plan that everything goes",
        "type": "string",
        "default": " ",
        "values": [" ", "--destroy"],
    }
    variables = {
        **_variables(released, environment, "plan"),
        "RECIPIENT": released.recipient,
        "DESTROY": "${{ parameters.destroy }}",
    }
    return {
        "trigger": {"batch": True, "branches": {"include": [release.main]}},
        "schedules": _nightly(release),
        "parameters": [destroy],
        "pool": _POOL,
        "variables": variables,
        "jobs": [{"job": "plan", "timeoutInMinutes": 30, "steps": steps}],
    }


def _apply_alone(released: Released, environment: Environment) -> dict[str, Any]:
    given = [
        {"name": "digest", "displayName": "The digest that was approved (sha256:…)", "type": "string"},
        {
            "name": "destroy",
            "displayName": "Does everything go?",
            "type": "string",
            "default": " ",
            "values": [" ", "--destroy"],
        },
        {
            "name": "complete",
            "displayName": "Must all of it work?",
            "type": "string",
            "default": " ",
            "values": [" ", "--complete"],
        },
    ]
    steps = [
        {"download": "plan", "artifact": BUNDLE},
        *_applying(released, environment, f"$(Pipeline.Workspace)/plan/{BUNDLE}"),
    ]
    job = _deployment(released, environment, "apply", steps)
    job["variables"] |= {"DIGEST": "${{ parameters.digest }}", "COMPLETE": "${{ parameters.complete }}"}
    return {
        "trigger": "none",
        "pr": "none",
        "lockBehavior": "sequential",
        "resources": {"pipelines": [{"pipeline": "plan", "source": f"{released.name}-plan"}]},
        "parameters": given,
        "pool": _POOL,
        "stages": [{"stage": "apply", "lockBehavior": "sequential", "jobs": [job]}],
    }


def _tools(release: Release) -> dict[str, Any]:
    locks = ["Pipfile.lock", "package-lock.json", "cli/tools.lock.txt"]
    cached = {"key": " | ".join(['"brickyard"', '"$(Agent.OS)"', *locks]), "path": PLUGINS}
    return {
        "steps": [
            {"task": "UsePythonVersion@0", "inputs": {"versionSpec": release.python}},
            {"task": "NodeTool@0", "inputs": {"versionSpec": f"{release.node}.x"}},
            {"task": "TerraformInstaller@1", "inputs": {"terraformVersion": release.terraform}},
            {"task": "Cache@2", "displayName": "Terraform's plugins", "inputs": cached},
        ]
    }


def _begin(tools: str) -> list[dict[str, Any]]:
    """The commit, without a token left in its git configuration; then the tools."""
    return [{"checkout": "self", "persistCredentials": False, "fetchDepth": 1}, {"template": f"/ci/azure/{tools}"}]


def _script(step: Step) -> dict[str, Any]:
    named = {"name": step.id} if step.id else {}
    variables = {"env": step.variables} if step.variables else {}
    return {"bash": step.run, "displayName": step.title, **named, **variables}


def _signed(released: Released, environment: Environment, who: str, step: Step, **more: str) -> dict[str, Any]:
    """A step with the identity of its job: inside AzureCLI@2 where there is a service connection."""
    variables = {**_TOKEN, **step.variables, **more}
    if released.azure_devops is None:
        return {**_script(step), "env": variables}
    before = _STATE_BY_CONNECTION if _apart(environment) and environment.state.backend == "azurerm" else ""
    inputs = {
        "azureSubscription": getattr(released.azure_devops, who),
        "scriptType": "bash",
        "scriptLocation": "inlineScript",
        "inlineScript": f"{before}{step.run}",
    }
    named = {"name": step.id} if step.id else {}
    return {"task": "AzureCLI@2", **named, "displayName": step.title, "inputs": inputs, "env": variables}


def _posting(released: Released, environment: Environment, step: Step) -> dict[str, Any]:
    return _signed(released, environment, "plan", step, PLATFORM="azure-devops")


def _variables(released: Released, environment: Environment, who: str) -> dict[str, str]:
    """What the steps of a job read, as environment variables; no secret."""
    return {
        "TARGET": released.name,
        "ONLY": only(released.parts),
        "BRICKYARD_SIGN_IN": who,
        "DATABRICKS_AUTH_TYPE": environment.workspace.auth.type,
        "TF_PLUGIN_CACHE_DIR": f"$(Build.SourcesDirectory)/{PLUGINS}",
    }


def _id(released: Released) -> str:
    """Names of stages and jobs hold no dash."""
    return released.name.replace("-", "_")
