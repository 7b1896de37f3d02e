"""A request to the tracking API, and the experiments that it is about.

mlflow reads the query of a GET, else the JSON body; we do the same, so that both see the same experiment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from brickyard_local.errors import InvalidParameter
from brickyard_local.tracking.mlflow_server import Json, Query


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What the client sent."""

    method: str
    path: str
    names: Mapping[str, str]
    query: Query
    body: Json | None

    def fields(self) -> Json:
        """The message's fields; those that repeat in a query are lists. Errors: InvalidParameter."""
        if self.method == "GET" and self.query:
            found: Json = {}
            for name, value in self.query:
                found.setdefault(name, []).append(value)
        else:
            found = self.body or {}
        for name in found:
            if name != name.lower():
                raise InvalidParameter(f"Field '{name}' is unknown: fields are written in snake_case.")
        return found

    def text(self, *names: str) -> str:
        """The first of the fields that is set. Errors: InvalidParameter."""
        fields = self.fields()
        for name in names:
            value = fields.get(name)
            first = value[0] if isinstance(value, list) and value else value
            if first not in {None, ""} and isinstance(first, str | int):
                return str(first)
        raise InvalidParameter(f"Missing value for required parameter '{names[0]}'.")

    def texts(self, name: str) -> list[str]:
        """A repeated field. Errors: InvalidParameter when it is empty."""
        value = self.fields().get(name)
        if not isinstance(value, list) or not value:
            raise InvalidParameter(f"Missing value for required parameter '{name}': give at least one.")
        return [str(item) for item in value]


class Lookup(Protocol):
    """Finds the experiment of an object of mlflow's."""

    def of_run(self, run_id: str) -> str: ...

    def of_model(self, model_id: str) -> str: ...

    def of_trace(self, trace_id: str) -> str: ...


Locate = Callable[[Sent, Lookup], list[str]]


def by_experiment(sent: Sent, _lookup: Lookup) -> list[str]:
    """Of a request that names its experiment."""
    return [sent.text("experiment_id")]


def by_experiments(sent: Sent, _lookup: Lookup) -> list[str]:
    """Of a request that names several experiments."""
    return sent.texts("experiment_ids")


def by_run(sent: Sent, lookup: Lookup) -> list[str]:
    """Of a request that names its run."""
    return [lookup.of_run(sent.text("run_id", "run_uuid"))]


def by_model(sent: Sent, lookup: Lookup) -> list[str]:
    """Of a request to a logged model."""
    return [lookup.of_model(sent.names["model_id"])]


def by_trace(sent: Sent, lookup: Lookup) -> list[str]:
    """Of a request to a trace."""
    return [lookup.of_trace(sent.names.get("trace_id") or sent.text("trace_id"))]


def by_traces(sent: Sent, lookup: Lookup) -> list[str]:
    """Of a request that names several traces."""
    return list(dict.fromkeys(lookup.of_trace(trace_id) for trace_id in sent.texts("trace_ids")))


def by_traces_and_run(sent: Sent, lookup: Lookup) -> list[str]:
    """Of a request that puts traces into a run, which can be another experiment's."""
    return list(dict.fromkeys([*by_traces(sent, lookup), lookup.of_run(sent.text("run_id"))]))


def by_new_trace(sent: Sent, _lookup: Lookup) -> list[str]:
    """Of a trace that starts."""
    trace = sent.fields().get("trace")
    return [_location(_member(_member(trace, "trace_info"), "trace_location"))]


def by_locations(sent: Sent, _lookup: Lookup) -> list[str]:
    """Of a search for traces."""
    locations = sent.fields().get("locations")
    if not isinstance(locations, list) or not locations:
        raise InvalidParameter("Missing value for required parameter 'locations': name at least one experiment.")
    return [_location(location) for location in locations]


def _location(location: Any) -> str:
    experiment = _member(_member(location, "mlflow_experiment"), "experiment_id")
    if not isinstance(experiment, str) or not experiment:
        raise InvalidParameter("The traces' location must be an experiment: mlflow_experiment.experiment_id.")
    return experiment


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
