"""The tasks of a project's extra jobs."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Broken, Kebab, PathText, Strict, TaskKey, Text

Parameters = dict[Text, str]
Arguments = Annotated[tuple[str, ...], Field(strict=False)]
RunIf = Literal["ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED", "AT_LEAST_ONE_FAILED"]
WORK = ("wheel", "notebook", "sql", "python_file", "run_job")


class WheelWork(Strict):
    """An entry point of a wheel: the project's own, or the pipelines'."""

    package: Text = Field(description="the import package, such as brickyard_pipelines")
    entry_point: Text = Field(description="the function that the wheel names so")
    parameters: Arguments = Field(default=(), description="what it is given, in order")


class NotebookWork(Strict):
    """A notebook of the project's folder."""

    path: PathText = Field(description="relative to the project's folder")
    parameters: Parameters = Field(default={}, description="what it is given, by name")


class SqlWork(Strict):
    """A SQL file of the project's folder, on a warehouse."""

    path: PathText = Field(description="relative to the project's folder")
    warehouse: Kebab = Field(description="one of the environment's warehouses")
    parameters: Parameters = Field(default={}, description="what it is given, by name")


class PythonFileWork(Strict):
    """A Python file of the project's folder."""

    path: PathText = Field(description="relative to the project's folder")
    parameters: Arguments = Field(default=(), description="what it is given, in order")


class RunJobWork(Strict):
    """Another job of the project."""

    job: Kebab = Field(description="one of the project's extra jobs, or `workflow`")
    parameters: Parameters = Field(default={}, description="what it is given, by name")


class Task(Strict):
    """One task of a job: exactly one kind of work."""

    key: TaskKey = Field(description="unique in the job")
    depends_on: Annotated[tuple[TaskKey, ...], Field(strict=False)] = Field(default=(), description="tasks before it")
    run_if: RunIf = Field(default="ALL_SUCCESS", description="how the tasks before it must have ended")
    wheel: WheelWork | None = Field(default=None, description="an entry point of a wheel")
    notebook: NotebookWork | None = Field(default=None, description="a notebook")
    sql: SqlWork | None = Field(default=None, description="a SQL file")
    python_file: PythonFileWork | None = Field(default=None, description="a Python file")
    run_job: RunJobWork | None = Field(default=None, description="another job")
    compute: Kebab = Field(default="serverless", description="serverless, or one of the job's clusters")
    timeout_minutes: int | None = Field(default=None, ge=1, le=7 * 24 * 60, description="whole minutes, 1 to 10080")
    max_retries: int | None = Field(default=None, ge=0, le=10, description="0 to 10; default: the job's")

    def broken_rules(self) -> Iterable[Broken]:
        """One task does one thing."""
        given = [name for name in WORK if getattr(self, name) is not None]
        if len(given) != 1:
            got = f"; got {' and '.join(given)}" if given else ""
            yield Broken(key=("key",), rule=f"a task has exactly one of {', '.join(WORK)}{got}")
        if self.compute != "serverless" and (self.sql is not None or self.run_job is not None):
            yield Broken(key=("compute",), rule="a task of sql or run_job takes no cluster: remove it")
