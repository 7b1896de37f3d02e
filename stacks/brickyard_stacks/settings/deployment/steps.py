"""A team's own steps of the workflow: what runs in the place of one of ours."""

from collections.abc import Iterable
from string import Template
from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.deployment.clusters import Cluster
from brickyard_stacks.settings.deployment.tasks import NotebookWork, Parameters, PythonFileWork, WheelWork
from brickyard_stacks.settings.strict import Broken, Kebab, Strict, TaskKey, Text

StepName = Literal["ingest", "features", "publish_online", "train", "validate", "deploy", "batch_inference"]
PUBLISHES: StepName = "publish_online"
WORK = ("skip", "step", "wheel", "notebook", "python_file", "existing_job")
# What `$name` stands for in parameters is known at synthesis, or is a reference that the platform fills.
PLACEHOLDERS = (
    "catalog",
    "endpoint",
    "experiment",
    "job_run_id",
    "landing",
    "model",
    "model_hosts",
    "model_version",
    "online_store",
    "project",
    "reason",
)
STORE = "online_store"


class ExistingJobWork(Strict):
    """A job of the workspace that this project does not make."""

    job_ids: dict[Kebab, Annotated[int, Field(ge=1)]] = Field(min_length=1, description="its id, by environment")
    parameters: Parameters = Field(default={}, description="what it is given, by name")


class OwnStep(Strict):
    """What runs as one step of the workflow: exactly one kind of work, or none."""

    skip: bool = Field(default=False, description="nothing: others do it outside of this job")
    step: TaskKey | None = Field(default=None, description="another step of the pipelines, with the usual arguments")
    wheel: WheelWork | None = Field(default=None, description="an entry point of a wheel")
    notebook: NotebookWork | None = Field(default=None, description="a notebook")
    python_file: PythonFileWork | None = Field(default=None, description="a Python file")
    existing_job: ExistingJobWork | None = Field(default=None, description="a job that is there already")
    cluster: Cluster | None = Field(
        default=None, description="a job cluster for this step, of GPUs for instance; default: serverless"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """One step is one thing, and its parameters name what there is."""
        given = [name for name in WORK if getattr(self, name)]
        if len(given) != 1:
            got = f"; got {' and '.join(given)}" if given else ""
            yield Broken(key=("step",), rule=f"a step has exactly one of {', '.join(WORK)}{got}")
        if self.cluster is not None and (self.skip or self.existing_job is not None):
            yield Broken(key=("cluster",), rule="nothing runs on it: remove it")
        for kind in given:
            yield from _unknown_placeholders(kind, self.texts())

    def texts(self) -> tuple[Text, ...]:
        """Every parameter's value."""
        work = self.wheel or self.notebook or self.python_file or self.existing_job
        given = work.parameters if work is not None else ()
        return tuple(given.values()) if isinstance(given, dict) else tuple(given)


def _unknown_placeholders(kind: str, texts: Iterable[str]) -> Iterable[Broken]:
    for text in texts:
        template = Template(text)
        if not template.is_valid():
            rule = f"got {text!r}: a dollar sign begins a placeholder; write $$ for one that does not"
            yield Broken(key=(kind, "parameters"), rule=rule)
            continue
        if unknown := sorted(set(template.get_identifiers()) - set(PLACEHOLDERS)):
            known = ", ".join(f"${name}" for name in PLACEHOLDERS)
            rule = f"${unknown[0]} is none of the placeholders {known}"
            yield Broken(key=(kind, "parameters"), rule=rule)
