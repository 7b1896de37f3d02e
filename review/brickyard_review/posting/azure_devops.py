"""A thread of an Azure DevOps pull request, active while the review fails, and a status of its iteration.

Source: learn.microsoft.com/rest/api/azure/devops/git (pull request threads, thread comments, statuses, iterations),
api-version 7.1; the limit of 150,000 characters: runatlantis/atlantis pull 1585.
Gaps: not tried against a real organisation yet, only against a server that follows these pages.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from brickyard_review.posting import marker
from brickyard_review.posting.http import Api
from brickyard_review.posting.post import CannotPost, Outcome, Post, Posted, State

_VERSION = "7.1"
_GENRE = "brickyard"
_MOST_DESCRIPTION = 200
_STATES = {State.PASSED: "succeeded", State.CARE: "succeeded", State.FAILED: "failed"}
_RIGHTS = (
    "The pipeline's identity needs 'Contribute to pull requests' on this repository and nothing more; give the step "
    "SYSTEM_ACCESSTOKEN: $(System.AccessToken)."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AzurePullRequest:
    """`collection` is `https://dev.azure.com/<organisation>`; `repository` a name or an id."""

    collection: str
    project: str
    repository: str
    number: int


class AzureDevOps:
    """Posts to one pull request. `personal` tokens are sent as Azure DevOps wants those."""

    most_characters = 150_000

    def __init__(
        self,
        pull_request: AzurePullRequest,
        token: str,
        *,
        personal: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        bearer = f"Basic {base64.b64encode(f':{token}'.encode()).decode()}" if personal else f"Bearer {token}"
        self._at = pull_request
        project, repository = quote(pull_request.project, safe=""), quote(pull_request.repository, safe="")
        self._path = f"/{project}/_apis/git/repositories/{repository}/pullRequests/{pull_request.number}"
        base = pull_request.collection.rstrip("/")
        self._api = Api(base, {"authorization": bearer}, rights=_RIGHTS, sleep=sleep)

    def post(self, post: Post) -> Posted:
        """See `Platform`. A thread that a person has closed stays so while the review says the same."""
        text = marker.marked(post, self.most_characters)
        me = self._me()
        posted: Posted = self._api.looking_first(lambda: self._comment(post, text, me))
        if posted.outcome is not Outcome.OUTDATED:
            self._api.looking_first(lambda: self._status(post))
        return posted

    def _comment(self, post: Post, text: str, me: str) -> Posted:
        wanted = "active" if post.state is State.FAILED else "closed"
        thread = self._own_thread(post.key, me)
        if thread is None:
            comment = {"parentCommentId": 0, "content": text, "commentType": "text"}
            made = self._api.create(
                f"{self._path}/threads", {"comments": [comment], "status": wanted}, **{"api-version": _VERSION}
            )
            return Posted(outcome=Outcome.CREATED, url=self._url(made["id"]))
        url, known = self._url(thread["id"]), marker.read(thread["comments"][0]["content"])
        if known is None or known.run > post.run.number:
            return Posted(outcome=Outcome.OUTDATED, url=url)
        same = marker.tells(known, post)
        if not same and wanted == "active":
            self._set_status(thread, wanted)  # first, so that what stops in between leaves nothing closed
        if not same or known.run < post.run.number:
            path = f"{self._path}/threads/{thread['id']}/comments/{thread['comments'][0]['id']}"
            self._api.patch(path, {"content": text}, **{"api-version": _VERSION})
        if wanted == "closed":
            self._set_status(thread, wanted)
        return Posted(outcome=Outcome.UNCHANGED if same else Outcome.UPDATED, url=url)

    def _set_status(self, thread: dict[str, Any], wanted: str) -> None:
        if thread.get("status") != wanted:
            path = f"{self._path}/threads/{thread['id']}"
            self._api.patch(path, {"status": wanted}, **{"api-version": _VERSION})

    def _own_thread(self, key: str, me: str) -> dict[str, Any] | None:
        """The oldest thread that this identity began for this key."""
        found, _ = self._api.get(f"{self._path}/threads", **{"api-version": _VERSION})
        for thread in sorted(found["value"], key=lambda each: int(each["id"])):
            comments = thread.get("comments") or []
            if thread.get("isDeleted") or not comments or comments[0].get("isDeleted"):
                continue
            known = marker.read(comments[0].get("content") or "")
            if known is not None and known.key == key and (comments[0].get("author") or {}).get("id") == me:
                return dict(thread)
        return None

    def _status(self, post: Post) -> None:
        query = {"api-version": _VERSION}
        iteration = self._iteration(post.run.commit)
        context = {"genre": _GENRE, "name": f"review/{post.key}"}
        wanted = {
            "state": _STATES[post.state],
            "description": post.headline[:_MOST_DESCRIPTION],
            "targetUrl": post.run.url,
            "iterationId": iteration,
        }
        known, _ = self._api.get(f"{self._path}/statuses", **query)
        ours = [each for each in known["value"] if _same(each.get("context"), context)]
        last: dict[str, Any] = max(ours, key=lambda each: int(each["id"]), default={})
        if any(last.get(name) != value for name, value in wanted.items()):
            self._api.create(f"{self._path}/statuses", {**wanted, "context": context}, **query)

    def _iteration(self, commit: str) -> int:
        """The push that was reviewed, so that a later one is not taken for reviewed."""
        found, _ = self._api.get(f"{self._path}/iterations", **{"api-version": _VERSION})
        reviewed = [
            int(each["id"]) for each in found["value"] if (each.get("sourceRefCommit") or {}).get("commitId") == commit
        ]
        if not reviewed:
            raise CannotPost(
                f"Pull request {self._at.number} has no push with the commit {commit}: it was rewritten meanwhile, or "
                "this run is of another one. The run of the newest push posts its own review."
            )
        return max(reviewed)

    def _me(self) -> str:
        found, _ = self._api.get("/_apis/connectionData", **{"api-version": f"{_VERSION}-preview"})
        return str(found["authenticatedUser"]["id"])

    def _url(self, thread: int) -> str:
        at = self._at
        path = f"{quote(at.project)}/_git/{quote(at.repository)}/pullrequest/{at.number}?discussionId={thread}"
        return f"{at.collection.rstrip('/')}/{path}"


def _same(found: dict[str, Any] | None, context: dict[str, str]) -> bool:
    return found is not None and all(found.get(name) == value for name, value in context.items())
