"""Policy rules as properties: nothing that breaks a rule passes, nothing that keeps all of them is refused."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from brickyard_local.compute import patterns
from brickyard_local.compute.attributes import assign, attribute, found
from brickyard_local.compute.definition import parse
from brickyard_local.compute.enforcement import Applied, applied
from brickyard_local.errors import InvalidParameter, NotEmulated

Json = dict[str, Any]
TEXTS = st.sampled_from(["a", "b", "c", "a.b", "x-1", "17", "true"])
NUMBERS = st.integers(0, 12)
PATHS = {
    "string": ["node_type_id", "spark_conf.spark.speculation", "custom_tags.team", "aws_attributes.zone_id"],
    "number": ["num_workers", "autoscale.max_workers", "autotermination_minutes"],
    "boolean": ["enable_elastic_disk"],
}
VALUES: dict[str, st.SearchStrategy[Any]] = {"string": TEXTS, "number": NUMBERS, "boolean": st.booleans()}


def apply(definition: Json, spec: Json, *, cluster_type: str = "all-purpose", defaults: bool = False) -> Applied:
    return applied(parse(json.dumps(definition)), spec, cluster_type=cluster_type, defaults=defaults)


@st.composite
def rules(draw: st.DrawFn, path: str, kind: str) -> Json:
    """A valid rule of a path."""
    values = VALUES[kind]
    body: Json = draw(
        st.one_of(
            st.builds(lambda value: {"type": "fixed", "value": value}, values),
            st.just({"type": "forbidden"}),
            st.just({"type": "unlimited"}),
            st.builds(
                lambda type_, members: {"type": type_, "values": members},
                st.sampled_from(["allowlist", "blocklist"]),
                st.lists(values, min_size=1, max_size=3),
            ),
            *(
                [st.sampled_from([{"type": "regex", "pattern": "[ab]"}, {"type": "regex", "pattern": "a|a.b"}])]
                * (kind == "string")
            ),
            *(
                [
                    st.builds(
                        lambda low, more: {"type": "range", "minValue": low, "maxValue": low + more}, NUMBERS, NUMBERS
                    )
                ]
                * (kind == "number")
            ),
        )
    )
    if body["type"] not in {"fixed", "forbidden"}:
        body["isOptional"] = draw(st.booleans())
        default = draw(st.none() | values)
        if default is not None and keeps(body, default):
            body["defaultValue"] = default
    return body


def keeps(rule: Json, value: object) -> bool:
    """What the documentation says, written a second time and another way."""
    if rule["type"] == "regex":
        return value in {"[ab]": {"a", "b"}, "a|a.b": {"a", "a.b"}}[rule["pattern"]]
    return {
        "fixed": lambda: value == rule.get("value"),
        "forbidden": lambda: False,
        "unlimited": lambda: True,
        "allowlist": lambda: value in rule.get("values", []),
        "blocklist": lambda: value not in rule.get("values", []),
        "range": lambda: rule.get("minValue", 0) <= value <= rule.get("maxValue", 0),  # type: ignore[operator]
    }[rule["type"]]()


@st.composite
def policies(draw: st.DrawFn) -> Json:
    chosen = draw(st.lists(st.sampled_from([(p, k) for k, paths in PATHS.items() for p in paths]), unique=True))
    return {path: draw(rules(path, kind)) for path, kind in chosen}


@st.composite
def clusters(draw: st.DrawFn) -> Json:
    spec: Json = {}
    for kind, paths in PATHS.items():
        for path in paths:
            value = draw(st.none() | VALUES[kind])
            if value is not None:
                assign(spec, attribute(path), value)
    return spec


def value_at(spec: Json, path: str) -> Any:
    return found(spec, attribute(path))[0][1]


@given(policy=policies(), spec=clusters(), defaults=st.booleans())
def test_violations_are_exactly_the_rules_that_the_cluster_breaks(policy: Json, spec: Json, defaults: bool) -> None:
    result = apply(policy, spec, defaults=defaults)

    for path, rule in policy.items():
        value = value_at(spec, path)
        if value is None:
            value = rule.get("value", rule.get("defaultValue") if defaults else None)
        limiting = rule["type"] not in {"fixed", "forbidden"}
        broken = limiting and not rule.get("isOptional") if value is None else not keeps(rule, value)
        told = [message for message in result.violations if message.startswith(f"Validation failed for {path},")]
        assert len(told) == broken, (path, rule, value, result)
    assert len(result.violations) <= len(policy)


@given(policy=policies(), spec=clusters(), defaults=st.booleans())
def test_values_that_are_there_stay_and_only_ruled_ones_are_filled_in(policy: Json, spec: Json, defaults: bool) -> None:
    before = copy.deepcopy(spec)

    result = apply(policy, spec, defaults=defaults)

    assert spec == before
    for paths in PATHS.values():
        for path in paths:
            given_, now = value_at(spec, path), value_at(result.spec, path)
            if given_ is not None:
                assert now == given_
            elif now is not None:
                assert now in (policy[path].get("value"), policy[path].get("defaultValue"))


@given(policy=policies(), spec=clusters(), defaults=st.booleans())
def test_applying_a_policy_twice_changes_nothing_more(policy: Json, spec: Json, defaults: bool) -> None:
    once = apply(policy, spec, defaults=defaults)

    assert apply(policy, once.spec, defaults=defaults) == once


@given(spec=clusters())
def test_without_rules_nothing_is_limited(spec: Json) -> None:
    assert apply({}, spec) == Applied(spec=spec, violations=())


@settings(max_examples=50)
@given(
    text=st.text()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    ).map(json.dumps)
)
def test_any_text_is_a_definition_or_a_named_mistake(text: str) -> None:
    try:
        parse(text)
    except (InvalidParameter, NotEmulated) as refused:
        assert refused.message  # noqa: PT017 - that nothing else is raised is the claim


@given(pattern=st.sampled_from(["a", "^a$", "a+"]), value=st.text(alphabet="ab\n", min_size=1, max_size=4))
def test_a_regex_is_anchored_at_both_ends(pattern: str, value: str) -> None:
    assume(value.strip("a"))

    assert apply({"node_type_id": {"type": "regex", "pattern": pattern}}, {"node_type_id": value}).violations


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*a){20}b"])
def test_a_pattern_that_would_hold_the_server_for_hours_is_refused_by_name(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_LIMIT_S", 0.4)
    policy = {"node_type_id": {"type": "regex", "pattern": pattern}}

    with pytest.raises(InvalidParameter, match=r"takes more than 0\.4 s"):
        apply(policy, {"node_type_id": "a" * 60})


def test_a_pattern_with_groups_matches_as_any_other() -> None:
    policy = {"node_type_id": {"type": "regex", "pattern": r"(i3|m5)\.(x?large\d*)+"}}

    assert not apply(policy, {"node_type_id": "m5.large"}).violations
    assert apply(policy, {"node_type_id": "m5.tiny"}).violations


def script(kind: str, path: str) -> Json:
    return {kind: {"destination": path}}


@pytest.mark.parametrize(
    ("policy", "spec", "broken"),
    [
        ({"init_scripts.*.volumes.destination": {"type": "forbidden"}}, {}, []),
        (
            {"init_scripts.*.volumes.destination": {"type": "forbidden"}},
            {"init_scripts": [script("workspace", "/w"), script("volumes", "/v")]},
            ["init_scripts.1.volumes.destination"],
        ),
        (
            {
                "init_scripts.0.volumes.destination": {"type": "fixed", "value": "/first"},
                "init_scripts.*.volumes.destination": {"type": "forbidden"},
            },
            {"init_scripts": [script("volumes", "/first")]},
            [],
        ),
        (
            {
                "init_scripts.0.volumes.destination": {"type": "fixed", "value": "/first"},
                "init_scripts.*.volumes.destination": {"type": "regex", "pattern": "/ok/.*"},
            },
            {"init_scripts": [script("volumes", "/other"), script("volumes", "/ok/x"), script("volumes", "/bad")]},
            ["init_scripts.0.volumes.destination", "init_scripts.2.volumes.destination"],
        ),
        ({"ssh_public_keys.*": {"type": "forbidden"}}, {"ssh_public_keys": ["key"]}, ["ssh_public_keys.0"]),
        (
            {"spark_conf.*": {"type": "forbidden"}, "spark_conf.spark.a": {"type": "unlimited"}},
            {"spark_conf": {"spark.a": "1", "spark.b": "2"}},
            ["spark_conf.spark.b"],
        ),
        ({"custom_tags.team": {"type": "allowlist", "values": ["ml"]}}, {}, ["custom_tags.team"]),
        (
            {"autoscale.max_workers": {"type": "range", "maxValue": 4}},
            {"autoscale": {"max_workers": 5}},
            ["autoscale.max_workers"],
        ),
        ({"autoscale.max_workers": {"type": "range", "maxValue": 4, "isOptional": True}}, {"num_workers": 9}, []),
        (
            {"driver_node_type_id": {"type": "fixed", "value": "b"}},
            {"driver_node_type_id": "a"},
            ["driver_node_type_id"],
        ),
        (
            {"driver_node_type_id": {"type": "blocklist", "values": ["a"]}},
            {"node_type_id": "a"},
            ["driver_node_type_id"],
        ),
        (
            {"workload_type.clients.jobs": {"type": "fixed", "value": False}},
            {"workload_type": {"clients": {"jobs": True}}},
            ["workload_type.clients.jobs"],
        ),
        (
            {"cluster_log_conf.path": {"type": "forbidden"}},
            {"cluster_log_conf": {"dbfs": {"destination": "dbfs:/x"}}},
            ["cluster_log_conf.path"],
        ),
    ],
)
def test_paths_reach_into_lists_maps_and_objects(policy: Json, spec: Json, broken: list[str]) -> None:
    assert [message.split()[3].rstrip(",") for message in apply(policy, spec).violations] == broken


def test_fixed_values_are_filled_in_at_every_depth() -> None:
    policy = {
        "custom_tags.team": {"type": "fixed", "value": 7},
        "aws_attributes.first_on_demand": {"type": "fixed", "value": 1},
        "init_scripts.0.workspace.destination": {"type": "fixed", "value": "/init.sh"},
        "cluster_type": {"type": "fixed", "value": "job"},
    }

    result = apply(policy, {"custom_tags": {"own": "x"}}, cluster_type="job")

    assert result.spec == {
        "custom_tags": {"own": "x", "team": "7"},
        "aws_attributes": {"first_on_demand": 1},
        "init_scripts": [{"workspace": {"destination": "/init.sh"}}],
    }
    assert result.violations == ()


@pytest.mark.parametrize("cluster_type", ["all-purpose", "job", "dlt"])
def test_a_policy_can_be_for_one_type_of_cluster(cluster_type: str) -> None:
    result = apply({"cluster_type": {"type": "fixed", "value": "job"}}, {}, cluster_type=cluster_type)

    assert bool(result.violations) is (cluster_type != "job")


def test_a_message_names_path_rule_and_value_but_no_value_that_may_be_a_secret() -> None:
    policy = {
        "num_workers": {"type": "range", "minValue": 1, "maxValue": 4},
        "spark_env_vars.TOKEN": {"type": "fixed", "value": "expected"},
    }

    messages = apply(policy, {"num_workers": 9, "spark_env_vars": {"TOKEN": "given"}}).violations

    assert messages[0] == 'Validation failed for num_workers, the value must be at least 1 and at most 4 (is "9")'
    assert "TOKEN" in messages[1]
    assert "expected" not in messages[1]
    assert "given" not in messages[1]


def rule(**body: Any) -> Callable[[], str]:
    return lambda: json.dumps({body.pop("path", "num_workers"): body})


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (lambda: "{", "not JSON"),
        (lambda: "[]", "must be a JSON object"),
        (lambda: '{"num_workers": {"type": "fixed", "value": NaN}}', "NaN"),
        (lambda: '{"num_workers": {"type": "forbidden"}, "num_workers": {"type": "unlimited"}}', "more than once"),
        (lambda: '{"num_workers": 4}', "a rule is an object"),
        (rule(path="workers", type="forbidden"), "'workers' is no attribute"),
        (rule(path="init_scripts.x.volumes.destination", type="forbidden"), "is no attribute"),
        (rule(path="spark_conf", type="forbidden"), "'spark_conf' is no attribute"),
        (rule(path="dbus_per_hour", type="range", maxValue=5), "dbus_per_hour"),
        (rule(type="limited"), "one of fixed, forbidden"),
        (rule(type="fixed"), "needs value"),
        (rule(type="fixed", value="four"), "the attribute is a number"),
        (rule(type="fixed", value=True), "the attribute is a number"),
        (rule(type="fixed", value=None), "the attribute is a number"),
        (rule(type="fixed", value=4, isOptional=True), "has no isOptional"),
        (rule(type="forbidden", hidden="yes"), "true or false"),
        (rule(type="allowlist", values=[]), "at least one"),
        (rule(type="allowlist", values=4), "a list"),
        (rule(type="allowlist", values=[1], defaultValue=2), "breaks its own rule"),
        (rule(type="range"), "minValue, maxValue or both"),
        (rule(type="range", minValue=5, maxValue=4), "above maxValue"),
        (rule(type="regex", pattern="a"), "for text"),
        (rule(path="cluster_name", type="regex", pattern="("), "no regular expression"),
        (rule(path="cluster_name", type="range", maxValue=5), "for numbers"),
        (rule(path="cluster_type", type="fixed", value="jobs"), "all-purpose, job, dlt"),
        (rule(path="spark_version", type="fixed", value="auto:newest"), "auto:latest"),
    ],
)
def test_a_wrong_definition_is_refused_with_its_place(definition: Callable[[], str], told: str) -> None:
    with pytest.raises((InvalidParameter, NotEmulated)) as refused:
        parse(definition())

    assert told in refused.value.message


def test_auto_versions_stand_for_the_newest_of_their_kind() -> None:
    policy = {"spark_version": {"type": "fixed", "value": "auto:latest-lts-ml"}}

    assert apply(policy, {}).spec == {"spark_version": "17.3.x-cpu-ml-scala2.13"}


@pytest.mark.parametrize("index", ["100000000", "9" * 5000, "٣"])
def test_a_rule_for_an_element_that_no_list_has_is_refused(index: str) -> None:
    """Filling it in would make all elements before it."""
    with pytest.raises(InvalidParameter, match="no attribute"):
        apply({f"init_scripts.{index}.volumes.destination": {"type": "fixed", "value": "/x"}}, {})
