"""What another stack makes, looked up once it is there: so that a plan works before that stack is applied.

A data source fails where it finds nothing. So it is read only where a list, which never fails, holds what the other
stack makes with it; before that, a text stands for what is not there, and Databricks refuses it in an apply.
"""

from cdktf import TerraformStack, Token
from cdktf_cdktf_provider_databricks.data_databricks_catalogs import DataDatabricksCatalogs
from cdktf_cdktf_provider_databricks.data_databricks_jobs import DataDatabricksJobs
from constructs import Construct

from brickyard_constructs.expressions import quoted


def catalog_is_there(asker: Construct, catalog: str) -> str:
    """Whether the planning principal sees a catalog, as an expression without its `${}`; one list for each stack."""
    stack = TerraformStack.of(asker)
    found = stack.node.try_find_child("catalogs")
    listed = found if isinstance(found, DataDatabricksCatalogs) else DataDatabricksCatalogs(stack, "catalogs")
    ids = f"data.databricks_catalogs.{listed.friendly_unique_id}.ids"
    return f"({ids} == null ? false : contains({ids}, {quoted(catalog)}))"


def job_is_there(asker: Construct, job: str) -> str:
    """Whether the planning principal sees a job whose name holds this, as an expression without its `${}`.

    By id, since the provider stops a plan over two jobs of one name; so another's longer name may answer too early.
    """
    listed = DataDatabricksJobs(asker, "jobs", job_name_contains=job, key="id")
    ids = f"data.databricks_jobs.{listed.friendly_unique_id}.ids"
    return f"({ids} == null ? false : length({ids}) > 0)"  # the provider leaves an empty map out


def count_if(condition: str | None) -> float | None:
    """The count of what is there where the condition holds; of None, no count at all."""
    return None if condition is None else Token.as_number(f"${{{condition} ? 1 : 0}}")


def found(kind: str, unique_id: str, attribute: str, *, name: str) -> str:
    """An attribute of a data source with a count; where there is none, a text that says what is not there yet."""
    absent = quoted(f"not there yet: {name}")
    return f"${{length(data.{kind}.{unique_id}) == 0 ? {absent} : data.{kind}.{unique_id}[0].{attribute}}}"
