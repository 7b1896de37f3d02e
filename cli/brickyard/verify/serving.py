"""Does the alias lead to a version, and does each endpoint answer?"""

from collections.abc import Iterator
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import NotFound

from brickyard.ask import champion_version, input_example
from brickyard.errors import in_one_line
from brickyard.verify.verdicts import Check, Held
from brickyard_stacks.names import ALIAS, ProjectNames
from brickyard_stacks.settings import Project


def serving_answers(client: WorkspaceClient, project: Project, names: ProjectNames) -> Iterator[Check]:
    """A check for each model and each endpoint."""
    champions: dict[str, str | None] = {}
    for short in project.models:
        model = names.model_called(short)
        check, champions[model] = _alias(client, model)
        yield check
    for name, endpoint in project.endpoints.items():
        model = names.model_called(endpoint.model)
        yield _endpoint(client, names.endpoint_called(name), model, champions.get(model))


def _alias(client: WorkspaceClient, model: str) -> tuple[Check, str | None]:
    what = f"{model}@{ALIAS} resolves"
    try:
        version = champion_version(client, model)
        if version is None:
            said = f"no version carries '{ALIAS}' yet: run the project's workflow"
            return Check(what=what, held=Held.WAITS, said=said), None
        found = client.model_versions.get(model, int(version))
    except DatabricksError as error:
        return Check(what=what, held=Held.NO, said=in_one_line(error)), None
    status = found.status.value if found.status else "no status"
    if status != "READY":
        return Check(what=what, held=Held.NO, said=f"version {version} is {status}"), version
    return Check(what=what, held=Held.YES, said=f"version {version}"), version


def _endpoint(client: WorkspaceClient, name: str, model: str, version: str | None) -> Check:
    what = f"endpoint {name} answers"
    try:
        state = client.serving_endpoints.get(name).state
    except NotFound:
        said = "it is made by a plan after the model has a champion"
        return Check(what=what, held=Held.WAITS if version is None else Held.NO, said=said)
    except DatabricksError as error:
        return Check(what=what, held=Held.NO, said=in_one_line(error))
    ready = state.ready.value if state and state.ready else "no state"
    if ready != "READY":
        return Check(what=what, held=Held.NO, said=f"it is {ready}")
    if version is None:
        return Check(what=what, held=Held.YES, said="READY; no champion's example to ask it with")
    return _asked(client, what, name, model, version)


def _asked(client: WorkspaceClient, what: str, name: str, model: str, version: str) -> Check:
    """With the example that was logged with the champion, over the endpoint's own route."""
    try:
        example = input_example(client, model, version)
        answer: Any = client.api_client.do("POST", f"/serving-endpoints/{name}/invocations", body=example)
    except NotFound:
        return Check(what=what, held=Held.YES, said="READY; its model was logged without an example to ask it with")
    except DatabricksError as error:
        return Check(what=what, held=Held.NO, said=in_one_line(error))
    if not isinstance(answer, dict) or not ({"predictions", "choices"} & answer.keys()):
        return Check(what=what, held=Held.NO, said="it answered something that is no prediction")
    return Check(what=what, held=Held.YES, said="with the example of the champion")
