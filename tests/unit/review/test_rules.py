"""Every rule carries its own tests, and a policy changes what it says it changes and nothing else."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_review import Review, Severity, Verdict
from brickyard_review.errors import InvalidPolicy, InvalidRule
from brickyard_review.model import Finding
from brickyard_review.rule_examples import failures
from brickyard_review.rules.findings import check_policy
from brickyard_review.rules.loading import BUILTIN, load_rules, read_rule
from brickyard_review.rules.model import Rule
from brickyard_review.rules.policy import Policy, read_policy

Reviewer = Callable[..., Review]
GONE = {"address": "databricks_catalog.sales", "actions": ["delete"], "before": {"name": "sales"}}
RULE: dict[str, Any] = {
    "id": "no-jobs",
    "severity": "danger",
    "title": "Jobs are not wanted",
    "kind": "change",
    "where": {"type": "databricks_job", "action": "create"},
    "message": "{title} is created.",
    "why": "We have enough.",
    "fix": "Leave it out.",
    "examples": {
        "fires": [
            {"resource_changes": [{"address": "databricks_job.a", "actions": ["create"], "after": {"name": "a"}}]}
        ],
        "silent": [
            {"resource_changes": [{"address": "databricks_job.a", "actions": ["delete"], "before": {"name": "a"}}]}
        ],
    },
}


def write(folder: Path, rule: dict[str, Any], name: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name or rule['id']}.yaml"
    path.write_text(yaml.safe_dump(rule))
    return path


def only(review: Review, rule: str) -> Finding:
    return next(finding for finding in review.stacks[0].findings if finding.rule == rule)


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_rule_fires_and_is_silent_as_its_file_says(rule: Rule) -> None:
    assert not list(failures(rule))


def test_every_file_of_a_rule_is_loaded() -> None:
    assert len(load_rules()) == len(list(BUILTIN.iterdir())) > 30


@pytest.mark.parametrize("missing", ["fires", "silent"])
def test_a_rule_without_both_examples_is_refused(tmp_path: Path, missing: str) -> None:
    examples = {name: cases for name, cases in RULE["examples"].items() if name != missing}

    with pytest.raises(InvalidRule, match=rf"no-jobs\.yaml: examples\.{missing}"):
        read_rule(write(tmp_path, {**RULE, "examples": examples}))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"severity": "fatal"}, "severity"),
        ({"unknown": 1}, "unknown"),
        ({"id": "other-name"}, "the file must be"),
        ({"message": "{title"}, "message"),
        ({"message": "{title.__class__}"}, "no field"),
        ({"where": {"title": {"matches": "("}}}, "where"),
        ({"kind": "everything"}, "kind"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_place(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRule, match=says):
        read_rule(write(tmp_path, {**RULE, **changed}, "no-jobs"))


def test_an_example_that_does_not_hold_is_named(tmp_path: Path) -> None:
    swapped = {"fires": RULE["examples"]["silent"], "silent": RULE["examples"]["fires"]}

    wrong = list(failures(read_rule(write(tmp_path, {**RULE, "examples": swapped}))))

    assert wrong == ["no-jobs: examples.fires[0]: the rule is silent.", "no-jobs: examples.silent[0]: the rule fires."]


def test_a_team_adds_a_rule_and_replaces_one_of_ours(review: Reviewer, tmp_path: Path) -> None:
    write(tmp_path, RULE)
    write(tmp_path, {**RULE, "id": "data-destroyed", "title": "Ours is another"})
    rules = load_rules([tmp_path])

    job = {"address": "databricks_job.a", "actions": ["create"], "after": {"name": "a"}}
    made = review(job, GONE, rules=rules)

    assert only(made, "no-jobs").message == "job a is created."
    assert only(made, "data-destroyed").title == "Ours is another"


def test_a_team_sets_severities_and_turns_rules_off(review: Reviewer) -> None:
    lowered = review(GONE, policy=Policy(severities={"data-destroyed": Severity.CARE}))
    silent = review(GONE, policy=Policy(severities={"data-destroyed": "off", "resource-destroyed": "off"}))

    assert (lowered.verdict, lowered.exit_code) == (Verdict.CARE, 0)
    assert (silent.verdict, silent.exit_code) == (Verdict.ROUTINE, 0)


@pytest.mark.parametrize(("threshold", "status"), [("care", 2), ("danger", 2), ("block", 2), ("note", 2)])
def test_the_threshold_decides_the_exit_status(review: Reviewer, threshold: str, status: int) -> None:
    other = {"address": "terraform_data.a", "actions": ["delete"], "before": {"input": 1}}

    assert review(GONE, threshold=Severity(threshold)).exit_code == status
    assert review(other, threshold=Severity(threshold)).exit_code == (2 if threshold in ("note", "care") else 0)


def waiver(found: Finding, expires: str = "2026-12-31", **changed: str) -> dict[str, str]:
    return {
        "finding": found.id,
        "rule": found.rule,
        "address": found.address or "",
        "reason": "moved to the new metastore",
        "expires": expires,
        **changed,
    }


def policy_of(tmp_path: Path, *waivers: dict[str, str]) -> Policy:
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump({"waivers": list(waivers)}))
    return read_policy(path)


def test_a_waiver_lets_one_finding_pass_and_no_other(review: Reviewer, tmp_path: Path) -> None:
    other = {"address": "databricks_catalog.other", "actions": ["delete"], "before": {"name": "other"}}
    finding = review(GONE).stacks[0].findings[0]
    policy = policy_of(tmp_path, waiver(finding))

    alone, both = review(GONE, policy=policy), review(GONE, other, policy=policy)

    assert (alone.exit_code, alone.verdict) == (0, Verdict.ROUTINE)
    assert alone.stacks[0].findings[0].waived
    assert (both.exit_code, both.verdict) == (2, Verdict.BLOCKED)


def test_a_waiver_ends_with_its_last_day_and_is_then_a_finding(review: Reviewer, tmp_path: Path) -> None:
    finding = review(GONE).stacks[0].findings[0]
    policy = policy_of(tmp_path, waiver(finding, expires="2026-11-23"))

    last_day = review(GONE, policy=policy, today=dt.date(2026, 11, 23))
    after = review(GONE, policy=policy, today=dt.date(2026, 11, 24))

    assert last_day.exit_code == 0
    assert after.exit_code == 2
    assert {f.rule for f in after.stacks[0].findings} == {"data-destroyed", "waiver-expired"}
    assert "2026-11-23" in only(after, "waiver-expired").message


def test_a_waiver_does_not_cover_another_change_of_the_same_thing(review: Reviewer, tmp_path: Path) -> None:
    policy = policy_of(tmp_path, waiver(review(GONE).stacks[0].findings[0]))
    renamed = {**GONE, "before": {"name": "finance"}}

    assert review(renamed, policy=policy).exit_code == 2


@pytest.mark.parametrize("changed", [{"rule": "drift"}, {"address": "databricks_catalog.other"}, {"finding": "0" * 10}])
def test_a_waiver_must_name_rule_address_and_finding(review: Reviewer, tmp_path: Path, changed: dict[str, str]) -> None:
    policy = policy_of(tmp_path, waiver(review(GONE).stacks[0].findings[0], **changed))

    assert review(GONE, policy=policy).exit_code == 2


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reason": "short"}, "reason"),
        ({"expires": "never"}, "expires"),
        ({"more": "x"}, "more"),
        ({"expires": ""}, "expires"),
    ],
)
def test_a_waiver_without_reason_or_end_is_refused(tmp_path: Path, changed: dict[str, str], says: str) -> None:
    whole = {"finding": "a", "rule": "drift", "address": "a.b", "reason": "long enough reason", "expires": "2026-12-31"}

    with pytest.raises(InvalidPolicy, match=says):
        policy_of(tmp_path, {**whole, **changed})


def test_a_policy_that_names_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match="data-destroid"):
        check_policy(Policy(severities={"data-destroid": "off"}), load_rules())


def test_the_rule_and_the_policy_in_the_documentation_work(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "plan-review.md").read_text()
    policy, rule = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "no-small-warehouse.yaml").write_text(rule)
    (tmp_path / "policy.yaml").write_text(policy)

    assert not list(failures(read_rule(tmp_path / "no-small-warehouse.yaml")))
    check_policy(read_policy(tmp_path / "policy.yaml"), load_rules())
