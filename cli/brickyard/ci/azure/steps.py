"""Steps of Azure Pipelines, and as whom they sign in.

Source: learn.microsoft.com/azure/devops/pipelines/tasks/reference (AzureCLI@2, Cache@2);
docs.aws.amazon.com/vsts/latest/userguide/awsshell.html (AWSShellScript@1)
"""

from typing import Any

from brickyard.ci.settings import Release, Released
from brickyard.ci.stages import BUNDLE, CACHES, PLUGINS, PREVIEW, Step, only
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.state import S3State

POOL = {"vmImage": "ubuntu-24.04"}
TOOLS = "ci/azure/tools.yml"
# Where pip and npm keep what they fetched.
CACHED = {
    "PIP_CACHE_DIR": f"$(Build.SourcesDirectory)/{CACHES}/pip",
    "npm_config_cache": f"$(Build.SourcesDirectory)/{CACHES}/npm",
}
_TOKEN = {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}
_OIDC = "azure-devops-oidc"
# The backend signs in to Azure Storage by the service connection of the task that it runs in.
_STATE_BY_CONNECTION = (
    'export ARM_CLIENT_ID="$AZURESUBSCRIPTION_CLIENT_ID" ARM_TENANT_ID="$AZURESUBSCRIPTION_TENANT_ID"\n'
    'export ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID="$AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"\n'
)


def tools(release: Release) -> dict[str, Any]:
    """The template that every job begins with."""
    locks = ["Pipfile.lock", "package-lock.json", "cli/tools.lock.txt"]
    caches = [
        {
            "task": "Cache@2",
            "displayName": f"Cache: {folder}",
            "inputs": {"key": " | ".join([f'"{folder}"', '"$(Agent.OS)"', *locks]), "path": f"{CACHES}/{folder}"},
        }
        for folder in ("terraform-plugins", "pip", "npm")
    ]
    return {
        "steps": [
            {"task": "UsePythonVersion@0", "inputs": {"versionSpec": release.python}},
            {"task": "NodeTool@0", "inputs": {"versionSpec": f"{release.node}.x"}},
            {"task": "TerraformInstaller@1", "inputs": {"terraformVersion": release.terraform}},
            *caches,
        ]
    }


def begin() -> list[dict[str, Any]]:
    """The commit, without a token left in its git configuration; then the tools."""
    return [{"checkout": "self", "persistCredentials": False, "fetchDepth": 1}, {"template": f"/{TOOLS}"}]


def script(step: Step) -> dict[str, Any]:
    """A step that signs in nowhere."""
    given = {"env": step.variables} if step.variables else {}
    return {"bash": step.run, "displayName": step.title, **_named(step), **given}


def _named(step: Step) -> dict[str, str]:
    return {"name": step.id} if step.id else {}


def signed(released: Released, environment: Environment, who: str, step: Step, **more: str) -> dict[str, Any]:
    """A step with the identity of its job: inside the task of its service connection."""
    given = {**_TOKEN, **step.variables, **more}
    task, inputs = _connected(environment, getattr(released.azure_devops, who), step.run)
    return {"task": task, **_named(step), "displayName": step.title, "inputs": inputs, "env": given}


def _connected(environment: Environment, connection: str, run: str) -> tuple[str, dict[str, str]]:
    """The task that signs in by a connection: of AWS where the state is in S3, of Azure everywhere else."""
    if isinstance(environment.state, S3State):
        named = {"awsCredentials": connection, "regionName": environment.state.region}
        return "AWSShellScript@1", {**named, "scriptType": "inline", "inlineScript": run}
    before = _STATE_BY_CONNECTION if apart(environment) and environment.state.backend == "azurerm" else ""
    named = {"azureSubscription": connection, "scriptType": "bash", "scriptLocation": "inlineScript"}
    return "AzureCLI@2", {**named, "inlineScript": f"{before}{run}"}


def posting(released: Released, environment: Environment, step: Step) -> dict[str, Any]:
    """One that reads, and posts what it found."""
    return signed(released, environment, "plan", step, PLATFORM="azure-devops")


def apart(environment: Environment) -> bool:
    """Whether planning and applying are two pipelines."""
    return _OIDC in (environment.workspace.auth.type, environment.platform_auth.type)


def previewing(released: Released, environment: Environment, when: str = "") -> list[dict[str, Any]]:
    """Review what is proposed, and keep the page that a comment has no room for; it holds no secret."""
    page = {
        "publish": f"{BUNDLE}/review.html",
        "artifact": f"review-{released.name}",
        "displayName": "The whole review",
    }
    first = {"condition": f"and(succeeded(), {when})"} if when else {}
    then = {"condition": f"and(succeededOrFailed(), {when})" if when else "succeededOrFailed()"}
    return [{**posting(released, environment, PREVIEW), **first}, {**page, **then}]


def variables(released: Released, environment: Environment, who: str) -> dict[str, str]:
    """What the steps of a job read, as environment variables; no secret."""
    return {
        "TARGET": released.name,
        "ONLY": only(released.parts),
        "BRICKYARD_SIGN_IN": who,
        "DATABRICKS_AUTH_TYPE": environment.workspace.auth.type,
        "TF_PLUGIN_CACHE_DIR": f"$(Build.SourcesDirectory)/{PLUGINS}",
        **CACHED,
    }


def id_(released: Released) -> str:
    """Names of stages and jobs hold no dash."""
    return released.name.replace("-", "_")
