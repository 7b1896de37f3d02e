"""What a pipeline's later jobs and people are told, in each platform's own words."""

from pathlib import Path

import pytest

from brickyard.pipeline_run import began_by, summarise, tell, url

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_TRIGGERING_ACTOR": "ana",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/kit",
    "GITHUB_RUN_ID": "55",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_REQUESTEDFOR": "Ana",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.example/acme/",
    "SYSTEM_TEAMPROJECT": "ml",
    "BUILD_BUILDID": "7",
}


def test_who_began_and_where_it_runs() -> None:
    assert (began_by(GITHUB), url(GITHUB)) == ("ana", "https://github.example/acme/kit/actions/runs/55")
    assert (began_by(AZURE), url(AZURE)) == ("Ana", "https://dev.azure.example/acme/ml/_build/results?buildId=7")
    assert url({}) == ""


def test_outputs_go_to_the_platform_and_nowhere_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, page, summary = tmp_path / "outputs", tmp_path / "review.md", tmp_path / "summary"
    page.write_text("## fine")

    tell({"digest": "sha256:1"}, {"GITHUB_OUTPUT": str(file)})
    tell({"digest": "sha256:1"}, AZURE)
    tell({"digest": "sha256:1"}, {})
    summarise(page, {"GITHUB_STEP_SUMMARY": str(summary)})

    assert file.read_text() == "digest=sha256:1\n"
    assert summary.read_text() == "## fine\n"
    assert capsys.readouterr().out == "##vso[task.setvariable variable=digest;isOutput=true]sha256:1\n"


@pytest.mark.parametrize(("name", "value"), [("digest", "a\nother=1"), ("digest", "a\r##vso[x]"), ("a;b=true", "x")])
def test_an_output_cannot_become_another_command(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be an output"):
        tell({name: value}, {"GITHUB_OUTPUT": str(tmp_path / "outputs")})
