"""A step's arguments: the same for every task of the job, read once, typed and frozen."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from brickyard_pipelines.errors import MissingArgument


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSettings:
    """What the job (or a person in a shell) tells a step."""

    project: str
    catalog: str
    experiment: str | None = None
    model: str | None = None
    endpoint: str | None = None
    online_store: str | None = None
    job_run_id: str | None = None
    model_version: str | None = None
    accept_earlier_validation: bool = False
    sandbox_schema: str | None = None
    land_until: str | None = None
    reason: str | None = None
    approval: str = "automatic"
    approval_tag: str = "approval"
    source_model: str | None = None
    train_job: str | None = None
    available_now: bool = False
    commit: str | None = None

    def table(self, schema: str, name: str) -> str:
        """The three-level name of a table, quoted: catalogs may be called `prod-azure-weu`.

        A sandbox has one schema for all of its tables.

        >>> StepSettings(project="p", catalog="prod-azure-weu").table("gold", "t")
        '`prod-azure-weu`.`gold`.`t`'
        >>> StepSettings(project="p", catalog="dev", sandbox_schema="ada_p").table("gold", "t")
        '`dev`.`ada_p`.`gold_t`'
        """
        if self.sandbox_schema:
            return f"`{self.catalog}`.`{self.sandbox_schema}`.`{schema}_{name}`"
        return f"`{self.catalog}`.`{schema}`.`{name}`"

    def online_table(self, name: str) -> str:
        """The three-level name, not quoted, of what the online store holds of a silver table.

        >>> StepSettings(project="p", catalog="prod").online_table("planes")
        'prod.features.planes_online'
        """
        return unquoted(self.table("features", f"{name}_online"))

    def existing(self, name: str) -> str:
        """The quoted name of a table that others keep: schema.table of this catalog, or catalog.schema.table.

        A sandbox has none of its own.

        >>> StepSettings(project="p", catalog="dev").existing("crm.customers")
        '`dev`.`crm`.`customers`'
        """
        parts = name.split(".")
        return ".".join(f"`{part}`" for part in (parts if len(parts) == 3 else [self.catalog, *parts]))

    def source(self, name: str) -> str:
        """The quoted name of a silver table, or of a table that others keep, whose name has dots."""
        return self.existing(name) if "." in name else self.table("silver", name)

    def landing(self) -> str:
        """The folder of the landing volume that belongs to this project."""
        return f"/Volumes/{self.catalog}/{self.sandbox_schema or 'bronze'}/landing/{self.project}"

    def need(self, name: str) -> str:
        """The value of an argument that this step cannot do without.

        Errors: MissingArgument, saying which.
        """
        value = getattr(self, name)
        if not value:
            flag = f"--{name.replace('_', '-')}"
            hint = " (train prints the version that it registered)" if name == "model_version" else ""
            raise MissingArgument(f"{flag} is missing: this step needs it. Give {flag} <value>{hint}.")
        return str(value)


def unquoted(table: str) -> str:
    """A three-level name as REST calls take it; names of ours have no quote in them."""
    return table.replace("`", "")


def parse(argv: Sequence[str] | None = None) -> StepSettings:
    """Settings from the command line; every step takes the same arguments."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("--project", required=True, help="import name of the project's package")
    parser.add_argument("--catalog", required=True, help="Unity Catalog catalog of this environment")
    parser.add_argument("--experiment", help="workspace path of the MLflow experiment")
    parser.add_argument("--model", help="three-level name of the registered model")
    parser.add_argument("--endpoint", help="name of the serving endpoint")
    parser.add_argument("--online-store", help="name of the database instance that requests are filled in from")
    parser.add_argument("--job-run-id", help="run id of the job; left out when run by hand")
    parser.add_argument("--sandbox-schema", help="the one schema of a personal sandbox, which holds all of its tables")
    parser.add_argument("--train-job", help="name of the job that trains, which trigger_retraining starts")
    parser.add_argument("--land-until", help="a day: land what a project that replays its source had before it")
    parser.add_argument("--reason", help="why this run was started; kept on the versions and runs that it makes")
    parser.add_argument("--model-version", help="version that train registered")
    parser.add_argument(
        "--accept-earlier-validation",
        action="store_true",
        help="deploy a version whose passed validation belongs to another job run",
    )
    parser.add_argument(
        "--approval",
        choices=("automatic", "required"),
        default="automatic",
        help="whether somebody must approve a version before it is deployed",
    )
    parser.add_argument("--approval-tag", default="approval", help="the version's tag that says Approved")
    parser.add_argument("--source-model", help="registered model of the environment that copy_model copies up from")
    parser.add_argument("--commit", help="the commit that the code of this job comes from")
    parser.add_argument("--available-now", action="store_true", help="streaming: score what is there, and end")
    return StepSettings(**vars(parser.parse_args(argv)))
