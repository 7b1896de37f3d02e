"""All steps in one task: in their order, on the work folder, stopped where the model does not meet its criteria."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.errors import ValidationRefused
from brickyard_pipelines.finetuning.command import main
from brickyard_pipelines.finetuning.errors import InvalidPlan
from brickyard_pipelines.finetuning.steps.run import run

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "wheel" / "riddles"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Riddles."""\n\n\ndef bring(work):\n    (work / "brought").touch()\n')
    (package / "plan.yaml").write_text("name: riddles\n")
    (package / "general.jsonl").write_text("{}\n")
    (package / "project.yaml").write_text("name: riddles\n")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "riddles", raising=False)
    return tmp_path / "work"


def options(work: Path, done: list[Sequence[str]], *, passed: bool = True, **changed: Any) -> argparse.Namespace:
    def do(argv: Sequence[str]) -> Mapping[str, Any]:
        done.append(argv)
        return {
            "folder": str(work / "data" / "v1"),
            "passed": passed,
            "reason": "right missed",
            "next": ["More data."],
            "report": "page",
            "version": "3",
        }

    given = {"base_model": None, "bring": "riddles:bring", "job_run_id": "7", "experiment": "/x", "model": "c.s.m"}
    given |= {"model_hosts": "models.example"}
    return argparse.Namespace(project="riddles", work=work, do=do, **{**given, **changed})


def test_the_steps_stand_in_their_order_and_share_the_work_folder(project: Path) -> None:
    done: list[Sequence[str]] = []
    assert run(options(project, done))["version"] == "3"
    assert [argv[0] for argv in done] == ["bring", "prepare", "benchmark", "train", "evaluate", "register"]
    assert (project / "brought").exists()
    assert sorted(path.name for path in project.iterdir()) == ["brought", "general.jsonl", "plan.yaml"]
    assert {f"--plan={project / 'plan.yaml'}" in argv for argv in done} == {True}
    trained = next(each for each in done[3] if each.startswith("--output="))
    assert trained.replace("--output", "--training") in done[4]
    assert "--job-run-id=7" in done[5]
    (project.parent / "wheel" / "riddles" / "plan.yaml").write_text("name: riddles2\n")
    again: list[Sequence[str]] = []
    run(options(project, again))
    assert trained not in again[3]  # another plan, another run


def test_a_model_that_does_not_meet_its_criteria_is_not_registered(project: Path) -> None:
    done: list[Sequence[str]] = []
    with pytest.raises(ValidationRefused, match=r"right missed\. Next: More data\. See page"):
        run(options(project, done, passed=False))
    assert done[-1][0] == "evaluate"


def test_outside_of_a_job_a_volume_is_no_folder(project: Path) -> None:
    if Path("/Volumes").is_dir():
        pytest.skip("volumes are mounted here")
    with pytest.raises(InvalidPlan, match="volumes are folders in jobs only"):
        run(options(Path("/Volumes/c/s/v"), []))


def test_a_package_without_a_plan_is_refused(project: Path) -> None:
    (project.parent / "wheel" / "riddles" / "plan.yaml").unlink()
    with pytest.raises(InvalidPlan, match=r"got no plan\.yaml"):
        run(options(project, []))


@pytest.mark.parametrize(
    ("folder", "approach"),
    [(".", "supervised"), ("trivia/python_docs", "continued_pretraining"), ("trivia/small_talk", "chat_completion")],
)
def test_the_examples_plans_and_criteria_are_sound(folder: str, approach: str, capsys: Any) -> None:
    main(["plan", f"--plan={ROOT / 'projects' / 'examples' / 'trivia' / folder / 'plan.yaml'}"])
    assert f'"approach": "{approach}"' in capsys.readouterr().out


def test_pythons_documentation_is_cut_between_paragraphs_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    import pydoc_data.topics

    monkeypatch.syspath_prepend(ROOT / "projects" / "examples" / "trivia")
    from trivia.python_docs.bring import parts

    rows = list(parts(pydoc_data.topics.topics))
    for topic, text in pydoc_data.topics.topics.items():
        kept = "".join(row["text"] for row in rows if row["topic"] == topic)
        assert kept.replace("\n", "") == text.replace("\n", "")
    assert sum(len(row["text"]) > 1_600 for row in rows) < len(rows) / 20


def test_the_examples_project_has_a_gpu_step_a_gate_and_a_language_endpoint() -> None:
    from brickyard_stacks.settings import load_project

    found = load_project(ROOT / "projects" / "examples" / "trivia" / "project.yaml").deployment
    train = found.job.steps["train"]
    assert train.cluster is not None
    assert train.cluster.policy == "gpu"
    assert found.job.steps["validate"].step == "validate_tuned"
    assert found.endpoints is not None
    assert found.endpoints["trivia"].provisioned_throughput is not None
