"""Features that others keep: what project.yaml may say about them, and under which names they are looked for."""

from typing import Any

import pytest

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml import strict
from brickyard_pipelines.ml.project import FeatureTable
from brickyard_pipelines.ml.settings import StepSettings

LOOKUP = {"table": "crm.scores", "by": ["customer"], "at": "known_at", "columns": ["score"]}
TAKEN = {"columns": "p:COLUMNS", "key": "id", "time_key": "at", "existing": {"table": "crm.moments"}}


def features(**changes: Any) -> FeatureTable:
    return strict.build(FeatureTable, TAKEN | changes, "workflow.features")


def test_a_table_or_view_of_others_with_what_is_looked_up_is_all_that_features_need() -> None:
    taken = features(existing={"table": "sales.crm.moments", "lookups": [LOOKUP | {"delay_s": 60}]}).existing
    assert taken is not None
    assert (taken.table, taken.lookups[0].delay_s) == ("sales.crm.moments", 60)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"existing": None}, "give `function` .* or `existing` .*, exactly one"),
        ({"function": "p:build", "inputs": ["t"]}, "give `function` .* or `existing` .*, exactly one"),
        ({"existing": None, "function": "p:build"}, r"features\.inputs: missing"),
        ({"lookback_days": 2}, r"features\.lookback_days: belongs to `function`"),
        ({"inputs": ["t"]}, r"features\.inputs: belongs to `function`"),
        ({"existing": {"table": "moments"}}, r"existing\.table: got 'moments', must be schema\.table"),
        ({"existing": {"table": "a.b.c.d"}}, r"existing\.table: got 'a\.b\.c\.d'"),
        ({"existing": {"table": "crm.`x"}}, r"existing\.table: got 'crm\.`x'"),
        ({"existing": {"tabel": "crm.x"}}, "unknown key. Did you mean 'table'"),
        ({"existing": {"table": "crm.x", "lookups": [LOOKUP, LOOKUP]}}, "score is looked up twice"),
        ({"existing": {"table": "crm.x", "lookups": [LOOKUP | {"by": []}]}}, "crm.scores needs columns to find rows"),
        ({"existing": {"table": "crm.x", "lookups": [LOOKUP | {"columns": ["customer"]}]}}, "other ones to look up"),
        ({"existing": {"table": "crm.x", "lookups": [LOOKUP | {"delay_s": -1}]}}, "delay_s is -1, must be 0 or more"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        features(**changes)


def test_a_name_of_others_is_in_the_environments_catalog_unless_it_names_one_also_in_a_sandbox() -> None:
    for settings in (
        StepSettings(project="p", catalog="dev-1"),
        StepSettings(project="p", catalog="dev-1", sandbox_schema="ada_p"),
    ):
        assert settings.source("crm.scores") == "`dev-1`.`crm`.`scores`"
        assert settings.source("sales.crm.scores") == "`sales`.`crm`.`scores`"
    assert StepSettings(project="p", catalog="dev-1").source("flights") == "`dev-1`.`silver`.`flights`"
