"""Step 02 for a tuned model: its own evaluation decides, and whatever goes wrong leaves it failed."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from brickyard_pipelines.errors import ValidationRefused
from brickyard_pipelines.finetuning.errors import NotEvaluated
from brickyard_pipelines.finetuning.registration import validate
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.settings import StepSettings

MODEL = "c.s.m"
EVALUATION: dict[str, Any] = {
    "schema": 1,
    "passed": True,
    "reason": "right met",
    "facts": {"criteria": "c1", "champion": "none"},
    "candidates": [{"name": "tuned", "identity": {"sha256": "m1"}}],
}


@dataclass
class Version:
    run_id: str
    tags: dict[str, str]


@dataclass
class Registered:
    aliases: dict[str, str]


@dataclass
class Registry:
    """One version of one model, as the client shows it."""

    tags: dict[str, str]
    aliases: dict[str, str] = field(default_factory=dict)

    def get_model_version(self, _model: str, _version: str) -> Version:
        return Version(run_id="r1", tags=dict(self.tags))

    def get_registered_model(self, _model: str) -> Registered:
        return Registered(aliases=dict(self.aliases))

    def set_model_version_tag(self, _model: str, _version: str, key: str, value: str) -> None:
        self.tags[key] = value

    def delete_model_version_tag(self, _model: str, _version: str, key: str) -> None:
        del self.tags[key]

    def set_registered_model_alias(self, _model: str, alias: str, version: str) -> None:
        self.aliases[alias] = version

    def delete_registered_model_alias(self, _model: str, alias: str) -> None:
        del self.aliases[alias]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry(tags={"model_sha256": "m1", "criteria_sha256": "c1", "approval": "Approved"})
    monkeypatch.setattr("mlflow.MlflowClient", lambda: made)
    monkeypatch.setattr(
        "mlflow.artifacts.load_dict", lambda uri: EVALUATION if uri == "runs:/r1/evaluation.json" else {}
    )
    return made


def run(registry: Registry) -> None:
    settings = StepSettings(project="p", catalog="c", model=MODEL, model_version="3", job_run_id="7")
    validate.validate_tuned(settings, None)  # type: ignore[arg-type]
    why = promotion.require_passed(registry.tags, model=MODEL, version="3", champion=None, job_run_id="7")
    assert why == "right met"


def test_a_version_passes_by_its_own_evaluation_and_an_earlier_approval_is_none_on_it(registry: Registry) -> None:
    run(registry)
    assert "approval" not in registry.tags
    assert registry.aliases == {"challenger": "3"}
    run(registry)  # a repaired run


@pytest.mark.parametrize(
    ("tags", "aliases", "error", "said"),
    [
        ({"model_sha256": "m2"}, {}, NotEvaluated, "got the model m1, now it is m2"),
        ({"criteria_sha256": "c2"}, {}, NotEvaluated, "got the criteria c1"),
        ({"model_sha256": ""}, {}, ValidationRefused, "not registered by `finetuning register`"),
        ({}, {"champion": "2"}, NotEvaluated, "got the champion none, now it is 2"),
    ],
)
def test_a_version_that_was_not_judged_so_fails_and_is_no_challenger(
    registry: Registry, tags: dict[str, str], aliases: dict[str, str], error: type[Exception], said: str
) -> None:
    registry.tags.update(tags)
    registry.aliases.update({**aliases, "challenger": "3"})
    with pytest.raises(error, match=said):
        run(registry)
    assert registry.tags["validation_status"] == "FAILED"
    assert said.split(",", maxsplit=1)[0] in registry.tags["validation_reason"]
    assert "challenger" not in registry.aliases
