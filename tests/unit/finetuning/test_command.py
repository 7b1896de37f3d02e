"""The command that jobs and people run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.command import main

ROOT = Path(__file__).parents[3]
CRITERIA = "criteria:\n  - {name: right, metric: exact_match, threshold: 0.5}\n"
CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 400,
}


@pytest.fixture
def task(tmp_path: Path, model_folder: Any) -> Path:
    model = model_folder("chatml")
    (model / "config.json").write_text(json.dumps(CONFIG))
    rows = [{"prompt": f"Say {n}", "response": f"{n}."} for n in range(20)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "criteria.yaml").write_text(CRITERIA)
    (tmp_path / "plan.yaml").write_text(
        "name: p\nuse_case: u\napproach: supervised\naccepted_licences: [mit]\n"
        f"base_models: [{{name: tiny, path: {model.name}, licence: mit}}]\n"
        "data: {train: [{path: train.jsonl}], near_duplicates: {remove: false}}\n"
        "training: {precision: fp32}\nbudget: {hours: 1}\n"
    )
    return tmp_path / "plan.yaml"


def test_a_plan_is_checked_its_data_prepared_and_its_run_estimated(task: Path, capsys: Any) -> None:
    main(["plan", "--plan", str(task)])
    capsys.readouterr()
    main(["prepare", "--plan", str(task), "--output", str(task.parent / "data")])
    made = json.loads(capsys.readouterr().out)
    assert made["splits"]["train"]["kept"] == 20
    main(["plan", "--plan", str(task), "--data", made["folder"]])
    estimate = json.loads(capsys.readouterr().out)["estimates"]["tiny"]
    assert estimate["tokens"] == made["splits"]["train"]["tokens"]
    assert 0 < estimate["hours"] < 1


def test_an_estimate_above_the_budget_refuses_to_begin(task: Path, capsys: Any) -> None:
    task.write_text(task.read_text().replace("hours: 1", "hours: 0.000000001"))
    main(["prepare", "--plan", str(task), "--output", str(task.parent / "data")])
    folder = json.loads(capsys.readouterr().out)["folder"]
    with pytest.raises(SystemExit, match=r"budget.hours: got"):
        main(["plan", "--plan", str(task), "--data", folder])


def test_answers_are_judged_alone_and_beside_others(tmp_path: Path, capsys: Any) -> None:
    names = ("questions", "answers", "against")
    for name, text in zip(names, ("reference", "answer", "answer"), strict=True):
        lines = [{"id": i, text: "no" if name == "against" and i % 2 else "yes"} for i in range(60)]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "criteria").write_text(CRITERIA)
    main(["judge", *(f"--{name}={tmp_path / name}" for name in ("criteria", *names))])
    found = json.loads(capsys.readouterr().out)
    assert found["outcomes"][0]["verdict"] == "met"
    assert (found["differences"][0]["verdict"], found["differences"][0]["wins"]) == ("better", 30)


def test_an_error_ends_the_task_with_a_sentence(task: Path) -> None:
    task.write_text(task.read_text().replace("precision", "precission"))
    with pytest.raises(SystemExit, match=r"plan.yaml:7: training.precission: unknown key"):
        main(["plan", "--plan", str(task)])


def test_reading_the_package_loads_no_heavy_library() -> None:
    """But for the two modules that extend classes of TRL and transformers, which others read when they train."""
    code = (
        "import importlib, pkgutil, sys, brickyard_pipelines.finetuning as f\n"
        "for m in pkgutil.walk_packages(f.__path__, f.__name__ + '.'):\n"
        "    m.name.endswith(('training.trainer', 'training.callbacks')) or importlib.import_module(m.name)\n"
        "print(sorted({'torch', 'transformers', 'tokenizers', 'pyspark', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "pipelines")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
