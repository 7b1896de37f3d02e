"""What a task does: one class for each type of task, named as Databricks names them.

Each knows its own block, in whichever place of a job it stands, and whether it needs compute.
Source: docs.databricks.com/api/workspace/jobs/create (tasks); docs.databricks.com/aws/en/jobs/configure-task
Gaps: dbt, pipelines, dashboards, JARs, Power BI and clean rooms are not offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_not_empty, check_one_of, known
from brickyard_constructs.errors import InvalidProps

Compute: TypeAlias = Literal["needed", "optional", "none"]
OPERATORS = (
    "EQUAL_TO",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonWheel:
    """An entry point of a wheel, with arguments by position or by name."""

    COMPUTE: ClassVar[Compute] = "needed"

    package: str
    entry_point: str
    parameters: tuple[str, ...] = ()
    named_parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_not_empty("package", self.package)
        check_not_empty("entry_point", self.entry_point)
        if self.parameters and self.named_parameters:
            raise InvalidProps("parameters", self.parameters, rule="by position or by name, not both")

    def block(self, place: Blocks) -> dict[str, Any]:
        """The task's own block."""
        wheel = place.below("PythonWheelTask").make(
            package_name=self.package,
            entry_point=self.entry_point,
            parameters=list(self.parameters) or None,
            named_parameters=dict(self.named_parameters) or None,
        )
        return {"python_wheel_task": wheel}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notebook:
    """A notebook of the workspace. Without compute it runs in serverless' own environment."""

    COMPUTE: ClassVar[Compute] = "optional"

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if known(self.path) and not self.path.startswith("/"):
            raise InvalidProps("path", self.path, rule="an absolute path in the workspace")

    def block(self, place: Blocks) -> dict[str, Any]:
        """The task's own block."""
        notebook = place.below("NotebookTask").make(
            notebook_path=self.path, base_parameters=dict(self.parameters) or None, source="WORKSPACE"
        )
        return {"notebook_task": notebook}


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonFile:
    """A Python file in the workspace or in a volume."""

    COMPUTE: ClassVar[Compute] = "needed"

    path: str
    parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if known(self.path) and not self.path.startswith(("/Workspace/", "/Volumes/")):
            raise InvalidProps("path", self.path, rule="a file in /Workspace or /Volumes")

    def block(self, place: Blocks) -> dict[str, Any]:
        """The task's own block."""
        script = place.below("SparkPythonTask").make(
            python_file=self.path, parameters=list(self.parameters) or None, source="WORKSPACE"
        )
        return {"spark_python_task": script}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sql:
    """A saved query, or a file of SQL in the workspace, on a warehouse. Parameters are values, no text of the SQL."""

    COMPUTE: ClassVar[Compute] = "none"

    warehouse_id: str
    query_id: str | None = None
    file: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_not_empty("warehouse_id", self.warehouse_id)
        if (self.query_id is None) == (self.file is None):
            raise InvalidProps("query_id, file", (self.query_id, self.file), rule="exactly one of the two is named")
        if self.file is not None and known(self.file) and not self.file.startswith("/"):
            raise InvalidProps("file", self.file, rule="an absolute path in the workspace")

    def block(self, place: Blocks) -> dict[str, Any]:
        """The task's own block."""
        sql = place.below("SqlTask")
        task = sql.make(
            warehouse_id=self.warehouse_id,
            query=sql.below("Query").make(query_id=self.query_id) if self.query_id else None,
            file=sql.below("File").make(path=self.file, source="WORKSPACE") if self.file else None,
            parameters=dict(self.parameters) or None,
        )
        return {"sql_task": task}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunJob:
    """Another job, by its id, as a step of this one."""

    COMPUTE: ClassVar[Compute] = "none"

    job_id: float
    parameters: Mapping[str, str] = field(default_factory=dict)

    def block(self, place: Blocks) -> dict[str, Any]:
        """The task's own block."""
        job = place.below("RunJobTask").make(job_id=self.job_id, job_parameters=dict(self.parameters) or None)
        return {"run_job_task": job}


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A comparison; tasks after it name the outcome they wait for, `true` or `false`."""

    COMPUTE: ClassVar[Compute] = "none"

    left: str
    operator: str
    right: str

    def __post_init__(self) -> None:
        check_one_of("operator", self.operator, OPERATORS)

    def block(self, place: Blocks) -> dict[str, Any]:
        """The task's own block."""
        return {"condition_task": place.below("ConditionTask").make(left=self.left, op=self.operator, right=self.right)}


TaskType: TypeAlias = PythonWheel | Notebook | PythonFile | Sql | RunJob | Condition
