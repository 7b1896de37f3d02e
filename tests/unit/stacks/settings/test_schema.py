"""The JSON Schemas and the reference page: valid, never stale, and never narrower than the models."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import BaseModel, ValidationError

from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.places import Place
from brickyard_stacks.settings.schema import KINDS, MODELS, Kind, documents, json_schema

ROOT = Path(__file__).resolve().parents[4]
SCHEMAS = {kind: json_schema(kind) for kind in KINDS}
VALIDATORS = {kind: Draft7Validator(schema) for kind, schema in SCHEMAS.items()}
# A text of every form that a setting has; a new form needs one here.
UUID = "00000000-0000-0000-0000-0000000000ff"
TEXTS = {
    "": ("", "anything at all"),
    "lower-case letters, digits and single dashes, starting with a letter": ("a", "lake", "us-east-1", "job"),
    "lower-case letters, digits and single underscores, starting with a letter": ("a", "flight_delays"),
    "a metric like js_distance, or a part of one like ks_test.statistic": ("js_distance", "ks_test.statistic"),
    "a text on one line": ("x", "Shared Endpoint", "Zürich 🏔"),
    "a text": ("SELECT 1\n", "x"),
    "a path, as text on one line": ("a/b c", "/x"),
    "https:// and the host name, without a path": ("https://h.example", "https://h.example:8443"),
    "an absolute path of the workspace, without a slash at its end": ("/Brickyard/dev", "/Users/a@b.example/brickyard"),
    "a UUID in lower case": (UUID,),
    "a privilege of Unity Catalog, such as USE_SCHEMA": ("SELECT", "USE_SCHEMA"),
    "an IAM role's ARN, as arn:aws:iam::123456789012:role/name": ("arn:aws-us-gov:iam::123456789012:role/a/b_c",),
    "a KMS key's ARN, as arn:aws:kms:eu-west-1:123456789012:key/…": ("arn:aws:kms:eu-west-1:123456789012:alias/a-b",),
    "upper-case letters, digits and _, as a variable's name": ("A", "API_KEY_2"),
    "s3://bucket or s3://bucket/folder": ("s3://abc", "s3://a.b-c/d", "s3://abc/"),
    "an access connector's resource id, from /subscriptions/ on": (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/a",
    ),
    "abfss://container@account.dfs.core.windows.net or a folder in it": ("abfss://abc@abc.dfs.core.windows.net/a",),
    "gs://bucket or gs://bucket/folder": ("gs://abc/d",),
    "an address that begins with https://": ("https://issuer.example/a?b",),
    "a bucket's name: lower case, digits, dots, dashes": ("abc", "a.b-c"),
    "folders such as brickyard/prod, without a slash at either end": ("a", "a/b.c"),
    "an URL without a path": ("http://127.0.0.1:5000",),
    "3 to 24 lower-case letters and digits": ("abc1",),
    "lower-case letters, digits and dashes": ("abc", "a-1"),
    'Terraform version constraints such as ">= 1.99.0, < 2.0.0"': ("1.99.0", ">= 1.99.0, < 2.0.0"),
    "https:// and no user or token in it (those are a secret's)": ("https://h.example/simple",),
    "a host's name in lower case, with its port where that is not 443": ("h.example", "h-1.example:8443"),
    "letters, digits and _ - @ . , at most 128 long": ("A_b@c.d-e",),
    "an e-mail address": ("a@b.example",),
    "a text of letters, digits, spaces and . : / = + - @ _ (quote numbers and yes/no)": ("a b", "é:1"),
    "as UTC or Europe/Zurich": ("UTC", "America/Argentina/Ushuaia"),
    "letters, digits, dashes and underscores, at most 100": ("Train-1_a",),
    "1 to 63 letters, digits and dashes": ("a", "Acme-features-2"),
    "a metric such as js_distance, or a part of one, such as ks_test.pvalue": ("js_distance", "ks_test.pvalue"),
    "schema.name, each of lower-case letters": ("gold.a_b", "bronze.landing"),
    "a SQL type, such as BIGINT, DECIMAL(10,2) or ARRAY<STRING>": ("BIGINT", "MAP<STRING, DECIMAL(10,2)>"),
}


def drawn(place: Place, random: Random, *, wrong: float = 0.03) -> Any:
    """What a file may hold at a place, and now and then what it may not."""
    if random.random() < wrong:
        return random.choice((None, [], "x", 1, {"x": 1}))
    if place.members:
        return _model(random.choice(list(place.members.values())), random, wrong)
    if place.model is not None:
        return _model(place, random, wrong)
    if place.key is not None and place.item is not None:
        keys = random.choices(TEXTS[place.key.form], k=random.randint(0, 2))
        return {key: drawn(place.item, random, wrong=wrong) for key in keys}
    if place.item is not None:
        return [drawn(place.item, random, wrong=wrong) for _ in range(random.randint(0, 2))]
    return _plain(place, random)


def _plain(place: Place, random: Random) -> Any:
    if get_origin(place.annotation) is Literal:
        return random.choice(get_args(place.annotation))
    if place.annotation is str:
        return random.choice(TEXTS[place.form])
    return {
        bool: random.random() < 0.5,
        int: random.randint(-1, 70),
        float: random.choice((random.randint(0, 5), random.random() * 1e6)),
    }.get(place.annotation)


def _model(place: Place, random: Random, wrong: float) -> dict[str, Any]:
    assert place.model is not None
    fields = place.model.model_fields
    names = [name for name in fields if fields[name].is_required() or random.random() < 0.3]
    return {name: drawn(place.fields[name], random, wrong=wrong) for name in names}


def models(place: Place) -> Iterator[type[BaseModel]]:
    if place.model is not None:
        yield place.model
    if place.item is not None:
        yield from models(place.item)
    for child in place.members.values() if place.members else place.fields.values():
        yield from models(child)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: Kind) -> None:
    Draft7Validator.check_schema(json_schema(kind))


@pytest.mark.parametrize("name", documents())
def test_what_docs_settings_holds_is_not_stale(name: str) -> None:
    """`brickyard environments schema --write` makes it fresh."""
    assert (ROOT / "docs/settings" / name).read_text() == documents()[name]


def test_the_shipped_files_pass_their_schema_and_name_it() -> None:
    shipped = {"environment": (ROOT / "environments").glob("*.yaml"), "project": (ROOT / "projects").glob("*/*.yaml")}
    for kind, files in shipped.items():
        for file in files:
            text = file.read_text()
            schema = (file.parent / text.split("$schema=", 1)[1].split("\n", 1)[0]).resolve()
            assert schema == ROOT / f"docs/settings/{kind}.schema.json"
            assert not list(VALIDATORS[kind].iter_errors(yaml.safe_load(text)))


def validator_of(kind: Kind, model: type[BaseModel]) -> Draft7Validator:
    if model is MODELS[kind]:
        return Draft7Validator(SCHEMAS[kind])
    return Draft7Validator({"$defs": SCHEMAS[kind]["$defs"], "$ref": f"#/$defs/{model.__name__}"})


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_model_accepts_the_schema_accepts(kind: Kind) -> None:
    """Every model by itself: of larger ones, nearly every random one breaks a rule between keys."""
    found = list(dict.fromkeys(models(Place(annotation=MODELS[kind]))))
    accepted = dict.fromkeys(found, 0)

    @settings(max_examples=50, deadline=None, database=None)
    @given(st.randoms(use_true_random=True))
    def hold(random: Random) -> None:
        for model in found:
            data = drawn(Place(annotation=model), random, wrong=0.01)
            try:
                model.model_validate(data)
            except ValidationError:
                continue
            accepted[model] += 1
            assert not [(model.__name__, error.message) for error in validator_of(kind, model).iter_errors(data)]

    hold()

    assert sum(count > 0 for count in accepted.values()) > 0.8 * len(found)


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "local"])
def test_a_shipped_environment_changed_at_one_place_passes_the_schema_when_the_model_takes_it(name: str) -> None:
    shipped = yaml.safe_load((ROOT / f"environments/{name}.yaml").read_text())
    places = list(Place(annotation=Environment).fields.items())
    accepted = 0

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.randoms(use_true_random=True))
    def hold(random: Random) -> None:
        nonlocal accepted
        key, place = random.choice(places)
        data = {**shipped, key: drawn(place, random)}
        try:
            Environment.model_validate(data)
        except ValidationError:
            return
        accepted += 1
        assert not [error.message for error in VALIDATORS["environment"].iter_errors(data)]

    hold()

    assert accepted


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("environment", {"stage": "devel"}),
        ("environment", {"stag": "dev"}),
        ("environment", {"workspace": {"name": "x", "auth": {"type": "token", "token": "x"}}}),
        ("environment", {"name": "Dev_1"}),
        ("environment", {"deletion_protection": "no"}),
        ("environment", {"compute": {"autotermination_minutes": 5}}),
        ("project", {"deployment": {"jbos": {}}}),
        ("project", {"deployment": {"jobs": {"a": {"tasks": []}}}}),
    ],
)
def test_a_schema_refuses_what_an_editor_should_underline(kind: Kind, change: dict[str, Any]) -> None:
    file = {"environment": "environments/dev.yaml", "project": "projects/flight_delays/project.yaml"}[kind]
    data = yaml.safe_load((ROOT / file).read_text()) | change

    assert list(VALIDATORS[kind].iter_errors(data))


def keys(place: Place, path: str = "") -> Iterator[tuple[str, Place]]:
    if place.item is not None:
        yield from keys(place.item, path)
    for member in place.members.values():
        yield from ((key, child) for key, child in keys(member, path) if key.rsplit(".", 1)[-1] != place.discriminator)
    for name, child in {} if place.members else place.fields.items():
        yield f"{path}.{name}", child
        yield from keys(child, f"{path}.{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_says_what_it_is_for(kind: Kind) -> None:
    silent = [
        k for k, p in keys(Place(annotation=MODELS[kind])) if not (p.meaning or p.fields or (p.item and p.item.fields))
    ]

    assert not silent


def test_the_page_says_a_default_for_each_stage() -> None:
    page = documents()["README.md"]

    assert "| paused (local, dev, staging); running (prod) |" in page
    assert "version: 1.99.0 (local); version: >= 1.99.0" in page
    assert json.dumps(page).count("design.md") == 0
