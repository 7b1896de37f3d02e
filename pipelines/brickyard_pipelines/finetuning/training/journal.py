"""Where a run is written down: MLflow, or nowhere but its output folder.

Curves are sent some at a time; where MLflow does not answer they are held and sent again, so that an outage of the
tracking server costs no training. What still cannot be sent at the end is an error.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)
_HELD, _PER_CALL = 200, 1000
_PARAMETER_CHARACTERS = 6000


class Journal(Protocol):
    """Takes what is to be known of a run."""

    @property
    def run_id(self) -> str | None:
        """The id of its MLflow run, where there is one."""

    def parameters(self, values: Mapping[str, Any]) -> None:
        """What was decided before it began."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers of a step."""

    def text(self, name: str, content: str) -> None:
        """A file beside the run."""

    def tags(self, values: Mapping[str, str]) -> None:
        """What is found by searching."""

    def flush(self) -> None:
        """Sends what is held."""


class NoJournal:
    """Writes nothing down: the output folder has it all."""

    run_id: str | None = None

    def parameters(self, values: Mapping[str, Any]) -> None: ...

    def metrics(self, step: int, values: Mapping[str, float]) -> None: ...

    def text(self, name: str, content: str) -> None: ...

    def tags(self, values: Mapping[str, str]) -> None: ...

    def flush(self) -> None: ...


class MlflowJournal:
    """A run of MLflow. *Units*: time in ms since 1970."""

    def __init__(self, client: "MlflowClient", run_id: str) -> None:
        self._client, self._run_id = client, run_id
        self._waiting: list[Any] = []

    @property
    def run_id(self) -> str | None:
        """The id of the run."""
        return self._run_id

    def parameters(self, values: Mapping[str, Any]) -> None:
        """All at once; the run of a resumed training has them already, and equal ones are taken again."""
        from mlflow.entities import Param

        named = [Param(name, str(value)[:_PARAMETER_CHARACTERS]) for name, value in values.items()]
        for start in range(0, len(named), 100):
            self._client.log_batch(self._run_id, params=named[start : start + 100])

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Held until there are some."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._waiting += [Metric(name, value, now, step) for name, value in values.items()]
        if len(self._waiting) >= _HELD:
            self.flush()

    def flush(self) -> None:
        """Sends what is held; where that fails it is held on."""
        from mlflow.exceptions import MlflowException

        try:
            self.send()
        except MlflowException as error:
            _log.warning("MLflow did not take %d metrics, they are sent again: %s", len(self._waiting), error)

    def send(self) -> None:
        """As `flush`.

        Errors: mlflow.exceptions.MlflowException.
        """
        while self._waiting:
            self._client.log_batch(self._run_id, metrics=self._waiting[:_PER_CALL])
            self._waiting = self._waiting[_PER_CALL:]

    def text(self, name: str, content: str) -> None:
        """A file among the run's artifacts."""
        self._client.log_text(self._run_id, content, name)

    def tags(self, values: Mapping[str, str]) -> None:
        """Tags of the run."""
        for name, value in values.items():
            self._client.set_tag(self._run_id, name, value)


@contextmanager
def journal_of(experiment: str | None, name: str, run_id: str | None) -> Iterator[Journal]:
    """The journal of a run: a new MLflow run, or the one that a killed training had; with the hardware's use.

    Without an experiment nothing is sent anywhere.
    """
    if experiment is None:
        yield NoJournal()
        return
    import mlflow

    client = mlflow.MlflowClient()
    if run_id is None:
        known = client.get_experiment_by_name(experiment)
        place = known.experiment_id if known else client.create_experiment(experiment)
        run_id = client.create_run(place, run_name=name).info.run_id
    with mlflow.start_run(run_id=run_id, log_system_metrics=True) as run:
        journal = MlflowJournal(client, run.info.run_id)
        yield journal
        journal.send()
