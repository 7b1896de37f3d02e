"""A review becomes one comment and one status, on servers that follow the published contracts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from brickyard_review.posting import marker
from brickyard_review.posting.azure_devops import AzureDevOps, AzurePullRequest
from brickyard_review.posting.github import GitHub, GitHubPullRequest
from brickyard_review.posting.places import place
from brickyard_review.posting.post import CannotPost, Outcome, Platform, Post, Run, State, of_failure
from platforms import TOKEN, AzureDevOpsServer, Fault, GitHubServer, Server, served

RUN = Run(number=100, url="https://ci.example/100", commit="bbb")
DANGEROUS = Post(key="prod", markdown="## dangerous\n\n- a\n", headline="dangerous", state=State.FAILED, run=RUN)
ROUTINE = Post(
    key="prod", markdown="## routine\n", headline="routine", state=State.PASSED, run=replace(RUN, number=101)
)


@dataclass(kw_only=True)
class Place:
    """A platform under test, with its server's view of our comments."""

    server: Any
    token: str = TOKEN
    paused: list[float] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        if isinstance(self.server, GitHubServer):
            at = GitHubPullRequest(api=self.server.url, repository="acme/kit", number=7)
            return GitHub(at, self.token, sleep=self.paused.append)
        return AzureDevOps(
            AzurePullRequest(collection=f"{self.server.url}/", project="ml", repository="kit", number=7),
            self.token,
            sleep=self.paused.append,
        )

    @property
    def texts(self) -> list[str]:
        if isinstance(self.server, GitHubServer):
            return [comment["body"] for comment in self.server.comments]
        return [thread["comments"][0]["content"] for thread in self.server.threads]

    @property
    def verdicts(self) -> list[str]:
        if isinstance(self.server, GitHubServer):
            return [check["conclusion"] for check in self.server.checks]
        return [status["state"] for status in self.server.statuses]

    def write(self, text: str) -> None:
        """As a person."""
        if isinstance(self.server, GitHubServer):
            self.server.add_comment(text, "User")
        else:
            self.server.add_thread(text, "22222222-person")


@pytest.fixture(params=[AzureDevOpsServer, GitHubServer])
def at(request: pytest.FixtureRequest) -> Iterator[Place]:
    server: Server = request.param()
    with served(server):
        yield Place(server=server)


@pytest.fixture
def azure() -> Iterator[Place]:
    server = AzureDevOpsServer()
    with served(server):
        yield Place(server=server)


def test_a_first_review_is_one_comment_and_one_failed_status(at: Place) -> None:
    posted = at.platform.post(DANGEROUS)
    assert posted.outcome is Outcome.CREATED
    assert posted.url.startswith(at.server.url)
    assert len(at.texts) == 1
    assert at.texts[0].endswith(DANGEROUS.markdown)
    assert at.verdicts in (["failed"], ["failure"])


def test_posting_twice_writes_nothing_more(at: Place) -> None:
    at.platform.post(DANGEROUS)
    before = list(at.server.writes)
    assert at.platform.post(DANGEROUS).outcome is Outcome.UNCHANGED
    assert at.server.writes == before


def test_a_later_review_takes_the_place_of_the_earlier_one(at: Place) -> None:
    at.platform.post(DANGEROUS)
    assert at.platform.post(ROUTINE).outcome is Outcome.UPDATED
    assert len(at.texts) == 1
    assert at.texts[0].endswith(ROUTINE.markdown)
    assert at.verdicts[-1] in ("succeeded", "success")


def test_a_review_that_did_not_come_about_takes_the_place_of_a_good_one(at: Place) -> None:
    at.platform.post(ROUTINE)
    later = replace(RUN, number=102)
    at.platform.post(of_failure("plan.json is cut off\n```", key="prod", run=later))
    assert len(at.texts) == 1
    assert "The plan was not reviewed" in at.texts[0]
    assert at.verdicts[-1] in ("failed", "failure")


def test_an_older_run_that_ends_later_changes_nothing(at: Place) -> None:
    at.platform.post(ROUTINE)
    before = list(at.server.writes)
    assert at.platform.post(DANGEROUS).outcome is Outcome.OUTDATED
    assert at.server.writes == before


def test_a_run_that_says_the_same_again_counts_as_the_newest(at: Place) -> None:
    at.platform.post(DANGEROUS)
    at.platform.post(replace(DANGEROUS, run=replace(RUN, number=105)))
    assert at.platform.post(replace(ROUTINE, run=replace(RUN, number=103))).outcome is Outcome.OUTDATED


def test_each_key_has_its_own_comment(at: Place) -> None:
    at.platform.post(DANGEROUS)
    at.platform.post(replace(ROUTINE, key="staging"))
    assert len(at.texts) == 2
    assert at.platform.post(DANGEROUS).outcome is Outcome.UNCHANGED


def test_what_a_person_wrote_is_never_touched(at: Place) -> None:
    copied = marker.marked(ROUTINE, 150_000)
    quoted = "\n".join(f"> {line}" for line in copied.splitlines())
    written = [copied, quoted, "## dangerous", ""]
    for text in written:
        at.write(text)
    at.platform.post(DANGEROUS)
    at.platform.post(replace(DANGEROUS, markdown="## other", run=replace(RUN, number=120)))
    assert at.texts[: len(written)] == written
    assert len(at.texts) == len(written) + 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_waited_for(at: Place, status: int) -> None:
    at.server.faults.append(Fault(call="GET", status=status, headers={"retry-after": "7"}, times=2))
    assert at.platform.post(DANGEROUS).outcome is Outcome.CREATED
    assert at.paused == [7.0, 7.0]


def test_a_comment_whose_answer_was_lost_is_not_made_twice(at: Place) -> None:
    at.server.faults.append(Fault(call="POST .*(threads|comments)$", status=503, done=True))
    at.platform.post(DANGEROUS)
    assert len(at.texts) == 1
    assert len(at.verdicts) == 1


def test_a_status_whose_answer_was_lost_is_not_made_twice(at: Place) -> None:
    at.server.faults.append(Fault(call="POST .*(statuses|check-runs)$", status=502, done=True))
    at.platform.post(DANGEROUS)
    assert len(at.verdicts) == 1


def test_a_platform_that_stays_away_is_an_error_in_the_end(at: Place) -> None:
    at.server.faults.append(Fault(call="", status=503, times=1000))
    with pytest.raises(CannotPost, match=r"503.*5 times"):
        at.platform.post(DANGEROUS)
    assert len(at.paused) == 4


def test_a_refused_token_is_told_with_the_right_it_needs_and_not_shown(at: Place) -> None:
    at.token = "another-secret"
    with pytest.raises(CannotPost, match=r"Contribute to pull requests|pull-requests: write") as refused:
        at.platform.post(DANGEROUS)
    assert "another-secret" not in str(refused.value)
    assert at.texts == []


def test_a_token_that_may_only_read_fails_with_the_right_it_needs(at: Place) -> None:
    body = {"message": "Resource not accessible by integration"}
    at.server.faults.append(Fault(call="POST", status=403, body=body, times=1000))
    with pytest.raises(CannotPost, match=r"Resource not accessible by integration.*needs"):
        at.platform.post(DANGEROUS)
    assert at.paused == []


def test_a_redirection_is_not_followed_with_the_token(at: Place) -> None:
    at.server.faults.append(Fault(call="GET", status=302, headers={"location": f"{at.server.url}/elsewhere"}))
    with pytest.raises(CannotPost, match="302"):
        at.platform.post(DANGEROUS)
    assert not any("elsewhere" in call for call in at.server.calls)


def test_a_review_that_is_too_long_is_refused_before_anything_is_asked(at: Place) -> None:
    longest = at.platform.most_characters
    with pytest.raises(CannotPost, match=f"a comment holds {longest}"):
        at.platform.post(replace(DANGEROUS, markdown="x" * longest))
    assert at.server.calls == []


@pytest.mark.parametrize("key", ["", "Prod", "a)b", "a b", "x" * 101])
def test_a_key_that_no_marker_holds_is_refused(at: Place, key: str) -> None:
    with pytest.raises(CannotPost, match="lower-case letters"):
        at.platform.post(replace(DANGEROUS, key=key))


def test_a_thread_is_active_while_dangerous_and_closed_when_not(azure: Place) -> None:
    azure.platform.post(DANGEROUS)
    assert azure.server.threads[0]["status"] == "active"
    azure.platform.post(ROUTINE)
    assert azure.server.threads[0]["status"] == "closed"
    azure.platform.post(replace(DANGEROUS, run=replace(RUN, number=102)))
    assert azure.server.threads[0]["status"] == "active"


def test_a_thread_that_a_person_resolved_stays_so_until_the_review_changes(azure: Place) -> None:
    azure.platform.post(DANGEROUS)
    azure.server.threads[0]["status"] = "byDesign"
    azure.platform.post(replace(DANGEROUS, run=replace(RUN, number=101)))
    assert azure.server.threads[0]["status"] == "byDesign"
    azure.platform.post(replace(DANGEROUS, markdown="## worse", run=replace(RUN, number=102)))
    assert azure.server.threads[0]["status"] == "active"


def test_a_post_that_stops_half_way_leaves_no_dangerous_thread_closed(azure: Place) -> None:
    azure.platform.post(ROUTINE)
    later = replace(DANGEROUS, run=replace(RUN, number=102))
    azure.server.faults.append(Fault(call="PATCH .*comments", status=400))
    with pytest.raises(CannotPost):
        azure.platform.post(later)
    assert azure.server.threads[0]["status"] == "active"
    azure.platform.post(later)
    assert azure.texts[0].endswith(DANGEROUS.markdown)


def test_a_status_is_of_the_push_that_was_reviewed(azure: Place) -> None:
    azure.platform.post(replace(DANGEROUS, run=replace(RUN, commit="aaa")))
    assert azure.server.statuses[0]["iterationId"] == 1
    with pytest.raises(CannotPost, match="no push with the commit ccc"):
        azure.platform.post(replace(ROUTINE, run=replace(RUN, number=101, commit="ccc")))


def test_pipelines_variables_lead_to_the_pull_request(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": "bbb"}}}))
    github = {
        "GITHUB_API_URL": "https://api.github.com",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/kit",
        "GITHUB_RUN_ID": "55",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }
    platform, run = place("github", github)
    assert isinstance(platform, GitHub)
    assert run == Run(number=55, url="https://github.com/acme/kit/actions/runs/55", commit="bbb")
    event.write_text(json.dumps({"push": {}}))
    with pytest.raises(CannotPost, match="on: pull_request"):
        place("github", github)


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(CannotPost, match=r"SYSTEM_TEAMPROJECT.*SYSTEM_ACCESSTOKEN are not set"):
        place("azure-devops", {"SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/"})
    with pytest.raises(CannotPost, match="one of azure-devops, github"):
        place("gitlab", {})
