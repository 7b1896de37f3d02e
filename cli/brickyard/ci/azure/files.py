"""Which pipelines Azure DevOps needs for a chain of environments."""

from collections.abc import Sequence
from typing import Any

from brickyard.ci.azure.alone import apply_alone, plan_alone
from brickyard.ci.azure.deploy import deploy
from brickyard.ci.azure.pipelines import destroy, drift, pull_request
from brickyard.ci.azure.release import release_pipeline
from brickyard.ci.azure.steps import TOOLS, apart, tools
from brickyard.ci.settings import Chain, Release
from brickyard.ci.yaml_text import yaml_text


def azure_files(release: Release, chain: Chain, environments: Sequence[str]) -> dict[str, str]:
    """Path and text of each pipeline and template. `environments` are all that must synthesise."""
    together = [each for each in chain if not apart(each[1])]
    files: dict[str, tuple[dict[str, Any], str]] = {
        TOOLS: (tools(release), "Steps: the tools that the lock files do not bring, and caches."),
        "ci/azure/pull-request.yml": (
            pull_request(together, environments),
            "What a pull request would change, reviewed: a build validation of the main branch.",
        ),
    }
    if together:
        files["azure-pipelines.yml"] = (release_pipeline(release, together), "A commit goes through the environments.")
        files["ci/azure/drift.yml"] = (drift(release, together), "Every night: did reality leave the code?")
        files["ci/azure/destroy.yml"] = (destroy(together), "Everything of one environment goes, by an approved plan.")
    for released, environment in chain:
        name = released.name
        if apart(environment):
            about = f"Plan {name}: a preview for pull requests, a bundle for the main branch, drift at night."
            files[f"ci/azure/plan-{name}.yml"] = (plan_alone(release, released, environment), about)
            about = f"Apply to {name} exactly the bundle whose digest is typed. Its identity is this pipeline's alone."
            files[f"ci/azure/apply-{name}.yml"] = (apply_alone(released, environment), about)
        else:
            about = f"Stages: plan {name}, wait for approval, apply exactly that plan."
            files[f"ci/azure/deploy-{name}.yml"] = (deploy(released, environment), about)
    return {path: yaml_text(document, about=about, versions={}) for path, (document, about) in files.items()}
