"""One open issue of a GitHub repository, or one open work item of an Azure DevOps project, for one key.

It is opened while there is something to say, kept up to date, and closed when there is nothing left. One that a person
closed stays closed; if there is still something to say, the next run opens another.

Source: docs.github.com/rest/issues/issues; learn.microsoft.com/rest/api/azure/devops/wit (wiql, work items, states of
work item types), api-version 7.1.
Gaps: not tried against a real organisation yet, only against a server that follows these pages.
"""

import html
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from brickyard_review.posting import marker
from brickyard_review.posting.http import Api
from brickyard_review.posting.post import CannotPost, Outcome, Post, Posted, State

_PAGE = 100
_MOST_TITLE = 250
_OVER = ("Completed", "Removed")
_PATCH = "application/json-patch+json"
_GITHUB_RIGHTS = "The token needs `issues: write` in the job's permissions and nothing more."
_AZURE_RIGHTS = (
    "The pipeline's identity needs to read and write work items in this project; give the step SYSTEM_ACCESSTOKEN: "
    "$(System.AccessToken)."
)


class GitHubIssues:
    """The issues of `repository` (`owner/name`); `api` is `https://api.github.com`, or a server's `…/api/v3`."""

    most_characters = 65_536

    def __init__(self, api: str, repository: str, token: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        self._path = f"/repos/{repository}/issues"
        self._api = Api(api.rstrip("/"), headers, rights=_GITHUB_RIGHTS, sleep=sleep)

    def post(self, post: Post) -> Posted:
        """See `Platform`: here a state that passed closes. Errors: CannotPost."""
        text = marker.marked(post, self.most_characters)
        posted: Posted = self._api.looking_first(lambda: self._post(post, text))
        return posted

    def _post(self, post: Post, text: str) -> Posted:
        found = next((issue for issue in self._open() if _ours(issue, post.key)), None)
        if found is None and post.state is State.PASSED:
            return Posted(outcome=Outcome.NOTHING, url="")
        content = {"title": post.headline[:_MOST_TITLE], "body": text}
        if found is None:
            made = self._api.create(self._path, content)
            return Posted(outcome=Outcome.CREATED, url=made["html_url"])
        known = marker.read(found["body"])
        if known is None or known.run > post.run.number:
            return Posted(outcome=Outcome.OUTDATED, url=found["html_url"])
        closing = {"state": "closed", "state_reason": "completed"} if post.state is State.PASSED else {}
        same = not closing and marker.tells(known, post)
        if not same or known.run < post.run.number:
            self._api.patch(f"{self._path}/{found['number']}", {**content, **closing})
        return Posted(outcome=_outcome(closing=bool(closing), same=same), url=found["html_url"])

    def _open(self) -> Iterator[dict[str, Any]]:
        """Oldest first, without pull requests, which GitHub counts as issues."""
        page = 1
        while True:
            found, headers = self._api.get(
                self._path, state="open", sort="created", direction="asc", per_page=_PAGE, page=page
            )
            yield from (issue for issue in found if "pull_request" not in issue)
            if not re.search(r'<[^>]*>;\s*rel="next"', headers.get("link", "")):
                return
            page += 1


class AzureWorkItems:
    """The work items of a project; `kind` is one of its process's types: every process has `Task`."""

    most_characters = 150_000
    _VERSION = "7.1"

    def __init__(
        self,
        collection: str,
        project: str,
        token: str,
        *,
        kind: str = "Task",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._kind, self._base = kind, collection.rstrip("/")
        self._project = quote(project, safe="")
        self._path = f"/{self._project}/_apis/wit"
        headers = {"authorization": f"Bearer {token}"}
        self._api = Api(self._base, headers, rights=_AZURE_RIGHTS, sleep=sleep)

    def post(self, post: Post) -> Posted:
        """See `Platform`: here a state that passed closes. Errors: CannotPost."""
        text = marker.marked(post, self.most_characters)
        posted: Posted = self._api.looking_first(lambda: self._post(post, text))
        return posted

    def _post(self, post: Post, text: str) -> Posted:
        states = self._states()
        found = self._open(post.key, states)
        if found is None and post.state is State.PASSED:
            return Posted(outcome=Outcome.NOTHING, url="")
        fields = {"System.Title": post.headline[:_MOST_TITLE], "System.Description": _as_html(text)}
        if found is None:
            path = f"{self._path}/workitems/${quote(self._kind, safe='')}"
            made = self._api.create(path, _patch({**fields, "System.Tags": _tag(post.key)}), _PATCH, **self._query())
            return Posted(outcome=Outcome.CREATED, url=self._url(made["id"]))
        known = marker.read(_as_text(found["fields"].get("System.Description", "")))
        if known is not None and known.run > post.run.number:
            return Posted(outcome=Outcome.OUTDATED, url=self._url(found["id"]))
        closing = {"System.State": self._done(states)} if post.state is State.PASSED else {}
        same = not closing and known is not None and marker.tells(known, post)
        if not same or known is None or known.run < post.run.number:
            path = f"{self._path}/workitems/{found['id']}"
            self._api.patch(path, _patch({**fields, **closing}), _PATCH, **self._query())
        return Posted(outcome=_outcome(closing=bool(closing), same=same), url=self._url(found["id"]))

    def _open(self, key: str, states: dict[str, str]) -> dict[str, Any] | None:
        """The oldest that carries our tag and is not over."""
        query = (
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "  # noqa: S608 - WIQL, a plain tag
            f"AND [System.Tags] CONTAINS '{_tag(key)}' ORDER BY [System.Id]"
        )
        found = self._api.ask(f"{self._path}/wiql", {"query": query}, **self._query())
        for entry in found["workItems"]:
            item, _ = self._api.get(f"{self._path}/workitems/{entry['id']}", **self._query())
            if states.get(item["fields"]["System.State"]) not in _OVER:
                return dict(item)
        return None

    def _states(self) -> dict[str, str]:
        """The category of each state that the type has: processes call them differently."""
        path = f"{self._path}/workitemtypes/{quote(self._kind, safe='')}/states"
        found, _ = self._api.get(path, **self._query())
        return {state["name"]: state["category"] for state in found["value"]}

    def _done(self, states: dict[str, str]) -> str:
        done = next((name for name, category in states.items() if category == _OVER[0]), None)
        if done is None:
            raise CannotPost(f"Work items of the type {self._kind} have no state that is completed: close it by hand.")
        return done

    def _query(self) -> dict[str, str]:
        return {"api-version": self._VERSION}

    def _url(self, number: int) -> str:
        return f"{self._base}/{self._project}/_workitems/edit/{number}"


def _ours(issue: dict[str, Any], key: str) -> bool:
    """A person may copy our first line, but never writes as an app."""
    known = marker.read(issue.get("body") or "")
    return known is not None and known.key == key and (issue.get("user") or {}).get("type") == "Bot"


def _outcome(*, closing: bool, same: bool) -> Outcome:
    return Outcome.CLOSED if closing else Outcome.UNCHANGED if same else Outcome.UPDATED


def _tag(key: str) -> str:
    return f"brickyard-{key}"


def _patch(fields: dict[str, str]) -> list[dict[str, str]]:
    return [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]


def _as_html(text: str) -> str:
    """Work items hold HTML; a text in `pre` says the same in every process."""
    return f"<pre>{html.escape(text, quote=False)}</pre>"


def _as_text(description: str) -> str:
    return html.unescape(description.removeprefix("<pre>").removesuffix("</pre>"))
