import pytest

from brickyard_pipelines.errors import MissingArgument
from brickyard_pipelines.ml.settings import StepSettings, parse

JOB = [
    "--project",
    "flight_delays",
    "--catalog",
    "local",
    "--experiment",
    "/Shared/brickyard/local-flight-delays",
    "--model",
    "local.models.flight_delays",
    "--endpoint",
    "local-flight-delays",
    "--job-run-id",
    "17",
    "--model-version",
    "3",
]


def test_the_jobs_parameters_become_settings() -> None:
    assert parse(JOB) == StepSettings(
        project="flight_delays",
        catalog="local",
        experiment="/Shared/brickyard/local-flight-delays",
        model="local.models.flight_delays",
        endpoint="local-flight-delays",
        job_run_id="17",
        model_version="3",
    )


def test_project_and_catalog_are_enough_for_a_step_by_hand() -> None:
    assert parse(["--project", "p", "--catalog", "c"]).job_run_id is None


@pytest.mark.parametrize("arguments", [["--project", "p"], [*JOB, "--unknown", "x"], [*JOB, "--accept"]])
def test_missing_unknown_and_shortened_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)


def test_a_step_names_the_argument_that_it_lacks() -> None:
    with pytest.raises(MissingArgument, match=r"--model-version is missing.*train prints"):
        StepSettings(project="p", catalog="c").need("model_version")


def test_the_landing_folder_is_the_projects_own() -> None:
    assert StepSettings(project="p", catalog="dev").landing() == "/Volumes/dev/bronze/landing/p"
