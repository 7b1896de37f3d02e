"""Which workflows GitHub needs for a chain of environments."""

from collections.abc import Sequence

from brickyard.ci.github.deploy import deploy
from brickyard.ci.github.release import release_workflow
from brickyard.ci.github.steps import VERSIONS
from brickyard.ci.github.workflows import destroy, drift, pull_request
from brickyard.ci.settings import Chain, Release
from brickyard.ci.yaml_text import yaml_text


def github_files(release: Release, chain: Chain, environments: Sequence[str]) -> dict[str, str]:
    """Path and text of each workflow. `environments` are all that must synthesise."""
    files = {
        "pull-request": (pull_request(release, chain, environments), "What a pull request would change, reviewed."),
        "release": (release_workflow(release, chain), "A commit of the main branch goes through the environments."),
        "drift": (drift(release, chain), "Every night: did reality leave the code?"),
        "destroy": (
            destroy(chain),
            "Everything of one environment goes, by a plan of its own that somebody approves.",
        ),
    }
    for released, environment in chain:
        about = f"Plan {released.name}, wait for approval, apply exactly that plan. Other workflows call it."
        files[f"deploy-{released.name}"] = (deploy(release, released, environment), about)
    return {
        f".github/workflows/{name}.yml": yaml_text(document, about=about, versions=VERSIONS)
        for name, (document, about) in files.items()
    }
