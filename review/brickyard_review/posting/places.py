"""Which pull request a pipeline runs for, from the variables that Azure DevOps and GitHub set.

Source: learn.microsoft.com/azure/devops/pipelines/build/variables;
docs.github.com/actions/reference/workflows-and-actions/variables
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from brickyard_review.posting.azure_devops import AzureDevOps, AzurePullRequest
from brickyard_review.posting.github import GitHub, GitHubPullRequest
from brickyard_review.posting.issues import AzureWorkItems, GitHubIssues
from brickyard_review.posting.post import CannotPost, Platform, Run

PLATFORMS = ("azure-devops", "github")


def place(platform: str, variables: Mapping[str, str]) -> tuple[Platform, Run]:
    """The platform with its pull request, and this run. Errors: CannotPost, naming all variables that are missing."""
    if platform == "azure-devops":
        return _azure_devops(_Variables(variables))
    if platform == "github":
        return _github(_Variables(variables))
    raise CannotPost(f"There is no platform {platform!r} to post to: it is one of {', '.join(PLATFORMS)}.")


def issues(platform: str, variables: Mapping[str, str]) -> tuple[Platform, Run]:
    """Where issues or work items are, and this run, of whatever branch. Errors: CannotPost, as `place`."""
    given = _Variables(variables)
    if platform == "azure-devops":
        collection, project, build, commit, token = given.need(
            "SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID", "BUILD_SOURCEVERSION", "SYSTEM_ACCESSTOKEN"
        )
        url = f"{collection.rstrip('/')}/{quote(project)}/_build/results?buildId={build}"
        return AzureWorkItems(collection, project, token), Run(number=_number(build, "build"), url=url, commit=commit)
    if platform == "github":
        api, server, repository, run, commit, token = given.need(
            "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_SHA", "GITHUB_TOKEN"
        )
        url = f"{server}/{repository}/actions/runs/{run}"
        return GitHubIssues(api, repository, token), Run(number=_number(run, "run"), url=url, commit=commit)
    raise CannotPost(f"There is no platform {platform!r} to post to: it is one of {', '.join(PLATFORMS)}.")


class _Variables:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def need(self, *names: str) -> list[str]:
        missing = [name for name in names if not self._variables.get(name)]
        if missing:
            raise CannotPost(
                f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: what is posted comes "
                "from a pipeline's run (a review from one of a pull request), with its token given to the step."
            )
        return [self._variables[name] for name in names]


def _azure_devops(variables: _Variables) -> tuple[Platform, Run]:
    collection, project, repository, number, build, commit, token = variables.need(
        "SYSTEM_COLLECTIONURI",
        "SYSTEM_TEAMPROJECT",
        "BUILD_REPOSITORY_ID",
        "SYSTEM_PULLREQUEST_PULLREQUESTID",
        "BUILD_BUILDID",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID",
        "SYSTEM_ACCESSTOKEN",
    )
    at = AzurePullRequest(
        collection=collection, project=project, repository=repository, number=_number(number, "pull request")
    )
    url = f"{collection.rstrip('/')}/{quote(project)}/_build/results?buildId={build}"
    return AzureDevOps(at, token), Run(number=_number(build, "build"), url=url, commit=commit)


def _github(variables: _Variables) -> tuple[Platform, Run]:
    """The event says which commit was pushed; GITHUB_SHA is of a merge that nobody made."""
    api, server, repository, run, event, token = variables.need(
        "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_EVENT_PATH", "GITHUB_TOKEN"
    )
    pull_request = _event(Path(event)).get("pull_request")
    if not isinstance(pull_request, dict):
        raise CannotPost("This workflow does not run for a pull request: run it `on: pull_request`.")
    number, commit = int(pull_request["number"]), str(pull_request["head"]["sha"])
    at = GitHubPullRequest(api=api, repository=repository, number=number)
    url = f"{server}/{repository}/actions/runs/{run}"
    return GitHub(at, token), Run(number=_number(run, "run"), url=url, commit=commit)


def _event(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CannotPost(f"GITHUB_EVENT_PATH names {path}, which cannot be read as JSON: {error}.") from error
    return found if isinstance(found, dict) else {}


def _number(text: str, what: str) -> int:
    if not text.isdigit():
        raise CannotPost(f"The {what} is {text!r}: a number is expected.")
    return int(text)
