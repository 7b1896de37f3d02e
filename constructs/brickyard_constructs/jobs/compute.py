"""What a job's tasks run on: serverless environments, and clusters that live as long as the run."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks import job as job_bindings
from cdktf_cdktf_provider_databricks.job import JobEnvironment, JobEnvironmentSpec, JobJobCluster
from constructs import Construct

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.compute.cluster_spec import ClusterSpec
from brickyard_constructs.compute.package_index import PackageIndex
from brickyard_constructs.errors import InvalidProps


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerlessEnvironment:
    """A serverless environment: its version, and what is installed in it, wheels and requirements."""

    key: str = "default"
    dependencies: tuple[str, ...] = ()
    version: str = "4"
    package_index: PackageIndex | None = None

    def __post_init__(self) -> None:
        check_not_empty("key", self.key)
        for line in self.dependencies:
            if known(line) and ("://" in line or line.startswith("-")):
                shown = line.partition("://")[0]
                rule = "a requirement, or a wheel in /Volumes or /Workspace; an index is given as package_index"
                raise InvalidProps("dependencies", shown, rule=rule)

    def block(self) -> JobEnvironment:
        """As a job takes it."""
        index = self.package_index.pip_lines if self.package_index else ()
        spec = JobEnvironmentSpec(environment_version=self.version, dependencies=[*index, *self.dependencies] or None)
        return JobEnvironment(environment_key=self.key, spec=spec)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCluster:
    """A cluster that starts for the run and ends with it; tasks name it by its key.

    For fine-tuning it has a GPU node type, a `-gpu-ml-` runtime, and the environment's GPU policy.
    """

    key: str
    spec: ClusterSpec

    def __post_init__(self) -> None:
        check_not_empty("key", self.key)

    def block(self, scope: Construct) -> JobJobCluster:
        """As a job takes it; what is looked up stands below `scope`."""
        place = Blocks(job_bindings, "JobJobClusterNewCluster")
        return JobJobCluster(job_cluster_key=self.key, new_cluster=place.make(**self.spec.fields(place, scope)))
