"""Jobs of other stacks, by their name."""

from cdktf import Token
from cdktf_cdktf_provider_databricks.data_databricks_jobs import DataDatabricksJobs
from constructs import Construct

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.expressions import quoted


class ReferencedJob(Construct):
    """A job that another stack owns, and that may not be there yet: `job_id` is to be used only where `exists`.

    Where two jobs have the name, the plan stops: neither would be a safe guess.

    Creates: nothing; it reads the data source databricks_jobs.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/jobs
    """

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        check_not_empty("name", name)
        self.jobs = DataDatabricksJobs(self, "Resource", job_name_contains=name)
        ids = f"data.{self.jobs.terraform_resource_type}.{self.jobs.friendly_unique_id}.ids"
        # The provider leaves the map out while no job is found.
        self.exists = f"({ids} == null ? false : contains(keys({ids}), {quoted(name)}))"
        self.job_id = Token.as_number(f"${{tonumber({ids}[{quoted(name)}])}}")
