"""One issue or work item for what drifted, against servers that follow the platforms' published contracts."""

import json
from collections.abc import Iterator

import pytest

from brickyard_review.posting.issues import AzureWorkItems, GitHubIssues
from brickyard_review.posting.places import issues
from brickyard_review.posting.post import CannotPost, Outcome, Post, Run, State
from issue_servers import Issues, WorkItems
from platforms import TOKEN, Fault, served

Platform = Issues | WorkItems


@pytest.fixture(params=["github", "azure-devops"])
def server(request: pytest.FixtureRequest) -> Iterator[Platform]:
    made: Platform = Issues() if request.param == "github" else WorkItems()
    with served(made):
        yield made


def client(server: Platform) -> GitHubIssues | AzureWorkItems:
    def never(_seconds: float) -> None:
        pass

    if isinstance(server, Issues):
        return GitHubIssues(server.url, "acme/kit", TOKEN, sleep=never)
    return AzureWorkItems(server.url, "ml", TOKEN, sleep=never)


def post(run: int, drifted: str, key: str = "drift-prod") -> Post:
    state = State.FAILED if drifted else State.PASSED
    markdown = f"## {drifted or 'nothing'}\n\n| `a<b>` |\n"
    return Post(
        key=key, markdown=markdown, headline=f"prod: {drifted}", state=state, run=Run(number=run, url="u", commit="c")
    )


def test_one_issue_is_opened_kept_up_to_date_closed_and_opened_anew(server: Platform) -> None:
    platform = client(server)

    outcomes = [platform.post(post(run, said)).outcome for run, said in enumerate(("", "a", "a", "b", "", "", "c"))]

    assert outcomes == [
        Outcome.NOTHING,
        Outcome.CREATED,
        Outcome.UNCHANGED,
        Outcome.UPDATED,
        Outcome.CLOSED,
        Outcome.NOTHING,
        Outcome.CREATED,
    ]
    assert [server.is_open(item) for item in server.ours] == [False, True]
    assert server.title(server.ours[1]) == "prod: c"


def test_each_environment_has_its_own_and_an_earlier_run_changes_nothing(server: Platform) -> None:
    platform = client(server)
    platform.post(post(5, "a"))

    assert platform.post(post(5, "x", key="drift-dev")).outcome is Outcome.CREATED
    assert platform.post(post(4, "older")).outcome is Outcome.OUTDATED
    assert len(server.ours) == 2
    assert server.title(server.ours[0]) == "prod: a"


def test_a_creation_whose_answer_was_lost_is_not_made_twice(server: Platform) -> None:
    server.faults.append(Fault(call=r"POST .*(issues|\$Task)$", status=502, done=True))

    assert client(server).post(post(1, "a")).outcome is Outcome.UNCHANGED
    assert len(server.ours) == 1


def test_a_token_that_may_not_is_told_what_it_needs(server: Platform) -> None:
    server.refuses = True

    with pytest.raises(CannotPost, match=r"issues: write|read and write work items") as caught:
        client(server).post(post(1, "a"))
    assert TOKEN not in str(caught.value)


def test_an_issue_that_a_person_wrote_is_left_alone() -> None:
    server = Issues()
    with served(server):
        platform = client(server)
        platform.post(post(1, "a"))
        copied = {"number": 3, "state": "open", "user": {"type": "User"}, "html_url": "u"}
        server.items.append(server.ours[0] | copied)
        before = json.dumps(server.items[2])
        platform.post(post(2, ""))
        platform.post(post(3, "b"))
    assert json.dumps(server.items[2]) == before


def test_the_run_is_found_by_the_platforms_variables() -> None:
    variables = {
        "SYSTEM_COLLECTIONURI": "https://dev.azure.example/acme/",
        "SYSTEM_TEAMPROJECT": "ml",
        "BUILD_BUILDID": "7",
        "BUILD_SOURCEVERSION": "abc",
        "SYSTEM_ACCESSTOKEN": TOKEN,
    }
    platform, run = issues("azure-devops", variables)

    assert isinstance(platform, AzureWorkItems)
    assert (run.number, run.commit) == (7, "abc")
    with pytest.raises(CannotPost, match="GITHUB_TOKEN"):
        issues("github", {})
    with pytest.raises(CannotPost, match="no platform 'gitlab'"):
        issues("gitlab", {})
