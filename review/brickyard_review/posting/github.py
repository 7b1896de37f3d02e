"""A comment of a GitHub pull request and a check run of its commit.

Source: docs.github.com/rest/issues/comments, …/checks/runs, …/using-the-rest-api/rate-limits.
Gaps: two runs that begin at the same moment may each make a comment; the older one is then kept up to date. Check runs
need a GitHub App's token, which GITHUB_TOKEN of a workflow is; a personal token is refused by GitHub, which is said.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from brickyard_review.posting import marker
from brickyard_review.posting.http import Api
from brickyard_review.posting.post import Outcome, Post, Posted, State

_PAGE = 100
_MOST_SUMMARY = 65_535
_CONCLUSIONS = {State.PASSED: "success", State.CARE: "neutral", State.FAILED: "failure"}
_RIGHTS = (
    "The token needs `pull-requests: write` and `checks: write` in the job's permissions and nothing more; a pull "
    "request from a fork gets neither."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubPullRequest:
    """`api` is `https://api.github.com`, or a server's `…/api/v3`; `repository` is `owner/name`."""

    api: str
    repository: str
    number: int


class GitHub:
    """Posts to one pull request."""

    most_characters = 65_536

    def __init__(
        self, pull_request: GitHubPullRequest, token: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        self._at = pull_request
        self._path = f"/repos/{pull_request.repository}"
        self._api = Api(pull_request.api.rstrip("/"), headers, rights=_RIGHTS, sleep=sleep)

    def post(self, post: Post) -> Posted:
        """See `Platform`."""
        text = marker.marked(post, self.most_characters)
        posted: Posted = self._api.looking_first(lambda: self._comment(post, text))
        if posted.outcome is not Outcome.OUTDATED:
            self._api.looking_first(lambda: self._check(post))
        return posted

    def _comment(self, post: Post, text: str) -> Posted:
        comments = f"{self._path}/issues/{self._at.number}/comments"
        for comment in self._all(comments):
            known = marker.read(comment.get("body") or "")
            if known is None or known.key != post.key or not _by_an_app(comment):
                continue
            if known.run > post.run.number:
                return Posted(outcome=Outcome.OUTDATED, url=comment["html_url"])
            same = marker.tells(known, post)
            if not same or known.run < post.run.number:
                self._api.patch(f"{self._path}/issues/comments/{comment['id']}", {"body": text})
            return Posted(outcome=Outcome.UNCHANGED if same else Outcome.UPDATED, url=comment["html_url"])
        made = self._api.create(comments, {"body": text})
        return Posted(outcome=Outcome.CREATED, url=made["html_url"])

    def _check(self, post: Post) -> None:
        name = f"brickyard review ({post.key})"
        wanted = {
            "status": "completed",
            "conclusion": _CONCLUSIONS[post.state],
            "details_url": post.run.url,
            "external_id": f"brickyard-review/{post.key}",
        }
        output = {"title": post.headline[:255], "summary": post.headline[:_MOST_SUMMARY]}
        found, _ = self._api.get(
            f"{self._path}/commits/{post.run.commit}/check-runs", check_name=name, filter="latest", per_page=_PAGE
        )
        for run in found["check_runs"]:
            if run.get("external_id") != wanted["external_id"]:
                continue
            said = run.get("output") or {}
            if any(run.get(each) != value for each, value in wanted.items()) or said.get("title") != output["title"]:
                self._api.patch(f"{self._path}/check-runs/{run['id']}", {**wanted, "output": output})
            return
        body = {"name": name, "head_sha": post.run.commit, **wanted, "output": output}
        self._api.create(f"{self._path}/check-runs", body)

    def _all(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            found, headers = self._api.get(path, per_page=_PAGE, page=page)
            yield from found
            if not re.search(r'<[^>]*>;\s*rel="next"', headers.get("link", "")):
                return
            page += 1


def _by_an_app(comment: dict[str, Any]) -> bool:
    """A person may copy our first line, but never writes as an app."""
    return (comment.get("user") or {}).get("type") == "Bot"
