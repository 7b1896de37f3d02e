"""What a task leaves shows no secret: at any depth, and not before it was looked through."""

import json
from pathlib import Path

from brickyard_local.jobs import outputs, redaction
from brickyard_local.runtime import task_files

SECRETS = ["s3cret\nsecond", "s3cret", "second"]


def test_secrets_are_hidden_at_any_depth_and_in_names() -> None:
    left = {"a s3cret": [{"x": "s3cret\nsecond!"}, 3, None, True], "b": "second"}
    assert redaction.redacted(left, SECRETS) == {"a [hidden]": [{"x": "[hidden]!"}, 3, None, True], "b": "[hidden]"}


def write(folder: Path, text: str) -> None:
    (folder / "task.json").write_text('{"kind": "sql"}')
    (folder / task_files.RESULT).write_text(text)


def test_a_result_is_not_shown_before_its_secrets_are_hidden(tmp_path: Path) -> None:
    redaction.begin(tmp_path, SECRETS)
    write(tmp_path, json.dumps({"rows": ["s3cret"]}))
    assert outputs.of_task(tmp_path) == {}
    redaction.finish(tmp_path, task_files.RESULT, SECRETS)
    assert outputs.of_task(tmp_path) == {"sql_output": {"rows": ["[hidden]"]}}


def test_a_result_that_cannot_be_read_is_removed(tmp_path: Path) -> None:
    redaction.begin(tmp_path, SECRETS)
    write(tmp_path, '{"rows": "s3cre')
    redaction.finish(tmp_path, task_files.RESULT, SECRETS)
    assert outputs.of_task(tmp_path) == {}
