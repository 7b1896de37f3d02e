"""Ask a served model over REST, with the example that was logged with the model."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
from databricks.sdk import WorkspaceClient

from brickyard.clone import Clone
from brickyard.errors import EndpointSilent
from brickyard_local.account import write_private
from brickyard_stacks.names import ALIAS, ProjectNames

_READY_S = 120.0
_ANSWER_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the endpoint said, for which model version, how fast (milliseconds), and how to ask by hand."""

    prediction: str
    version: str
    took_ms: float
    command: str


def ask(clone: Clone, client: WorkspaceClient, names: ProjectNames) -> Answer:
    """Send the model's own input example. Errors: EndpointSilent."""
    version = champion_version(client, names.model)
    if version is None:
        raise EndpointSilent(f"No version of {names.model} carries '{ALIAS}': step `deploy` has not promoted one.")
    example = input_example(client, names.model, version)
    write_private(clone.request_file, json.dumps(example) + "\n")
    write_private(clone.authorization_file, f"Authorization: Bearer {clone.home.token_file.read_text().strip()}\n")
    _wait_until_ready(client, names.endpoint)
    url = f"{client.config.host}/serving-endpoints/{names.endpoint}/invocations"
    begin = time.perf_counter()
    predictions = _asked(url, example, client.config.authenticate())
    took_ms = (time.perf_counter() - begin) * 1000
    shown = json.dumps(predictions)
    return Answer(prediction=shown[:300], version=version, took_ms=took_ms, command=curl_command(clone, url))


def _asked(url: str, example: dict[str, Any], headers: dict[str, str]) -> Any:
    """The predictions. Errors: EndpointSilent."""
    try:
        answer = httpx.post(url, json=example, headers=headers, timeout=_ANSWER_S, trust_env=False)
    except httpx.TransportError as error:
        raise EndpointSilent(
            f"{url} did not answer ({type(error).__name__}). Its log: `brickyard local logs serving`."
        ) from error
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.status_code != 200 or not isinstance(found, dict) or "predictions" not in found:
        raise EndpointSilent(f"{url} answered {answer.status_code}: {answer.text[:500]}")
    return found["predictions"]


def curl_command(clone: Clone, url: str) -> str:
    """A line to paste; the token is read from its file and never on a command line."""
    header, body = clone.relative(clone.authorization_file), clone.relative(clone.request_file)
    return f"curl -s --noproxy '*' -H @{header} -H 'Content-Type: application/json' -d @{body} {url}"


def champion_version(client: WorkspaceClient, model: str) -> str | None:
    """The version that carries the alias, or None."""
    found = client.registered_models.get(model, include_aliases=True)
    versions = (alias.version_num for alias in found.aliases or [] if alias.alias_name == ALIAS)
    return next((str(version) for version in versions), None)


def input_example(client: WorkspaceClient, model: str, version: str) -> dict[str, Any]:
    """The request that mlflow logged with the model, in the form that endpoints take."""
    path = f"/Models/{model.replace('.', '/')}/{version}/serving_input_example.json"
    contents = client.files.download(path).contents
    if contents is None:
        raise EndpointSilent(f"{path} is empty: log the model with an input example.")
    # mlflow writes NaN for a missing number, which JSON does not have; null says the same to the endpoint.
    example: dict[str, Any] = json.loads(contents.read(), parse_constant=lambda _: None)
    return example


def _wait_until_ready(client: WorkspaceClient, endpoint: str) -> None:
    deadline = time.monotonic() + _READY_S
    said = "it was not asked"
    while time.monotonic() < deadline:
        state = client.serving_endpoints.get(endpoint).state
        if state is not None and state.ready is not None and state.ready.value == "READY":
            return
        said = str(state.as_dict() if state else "no state")
        if state is not None and state.config_update is not None and state.config_update.value == "UPDATE_FAILED":
            break
        time.sleep(0.3)
    raise EndpointSilent(f"Endpoint '{endpoint}' is not ready: {said}. Its log: `brickyard local logs serving`.")
