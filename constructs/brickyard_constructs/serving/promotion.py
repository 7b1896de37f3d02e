"""What a plan finds, as Terraform expressions: which versions were promoted, and whether the endpoint is there."""

from collections.abc import Sequence

from cdktf import TerraformLocal
from cdktf_cdktf_provider_databricks.data_databricks_registered_model import DataDatabricksRegisteredModel
from cdktf_cdktf_provider_databricks.data_databricks_serving_endpoints import DataDatabricksServingEndpoints
from constructs import Construct

from brickyard_constructs.expressions import quoted
from brickyard_constructs.upstream import count_if


class Promotion:
    """The versions of a model that carry aliases, and an endpoint's present state.

    The expressions are written without `try`: an answer of an unknown form must stop the plan, not count as
    "no endpoint" and plan its deletion.
    """

    def __init__(
        self, scope: Construct, *, endpoint: str, model: str, aliases: Sequence[str], when: str | None = None
    ) -> None:
        """The data sources and locals become children of `scope`; the first alias has the locals' plain names.

        `when` is the condition under which there is a model to ask for.
        """
        self._model = model
        self._aliases = tuple(aliases)
        registered = DataDatabricksRegisteredModel(
            scope, "model", full_name=model, include_aliases=True, count=count_if(when)
        )
        listed = DataDatabricksServingEndpoints(scope, "endpoints")
        address = f"data.databricks_registered_model.{registered.friendly_unique_id}"
        found = _listed(f"{address}{'' if when is None else '[0]'}.model_info[0].aliases")
        if when is not None:
            found = f"(length({address}) == 0 ? [] : {found})"
        endpoints = _listed(f"data.databricks_serving_endpoints.{listed.friendly_unique_id}.endpoints")
        self._promoted = {alias: self._versions(scope, alias, found) for alias in self._aliases}
        served = TerraformLocal(
            scope,
            "served",
            f"${{flatten([for e in {endpoints} : [for c in {_listed('e.config')} : "
            f"[for s in {_listed('c.served_entities')} : s.entity_version]] "
            f"if e.name == {quoted(endpoint)}])}}",
        )
        there = TerraformLocal(
            scope, "there", f"${{length([for e in {endpoints} : e if e.name == {quoted(endpoint)}]) > 0}}"
        )
        self._served = f"local.{served.friendly_unique_id}"
        promoted = " && ".join(f"length({versions}) > 0" for versions in self._promoted.values())
        promoted = promoted if len(self._promoted) == 1 else f"({promoted})"
        self.wanted = f"({promoted} || local.{there.friendly_unique_id})"

    def version(self, alias: str) -> str:
        """The version to begin with: valid also when the alias has gone, since it is ignored from then on."""
        return f'${{tostring(concat({self._promoted[alias]}, {self._served}, ["1"])[0])}}'

    @property
    def missing(self) -> str:
        """What is missing while nothing is wanted."""
        if len(self._aliases) == 1:
            return f"no version of {self._model} carries the alias {self._aliases[0]}"
        return f"not all of the aliases {', '.join(self._aliases)} are carried by versions of {self._model}"

    def _versions(self, scope: Construct, alias: str, found: str) -> str:
        name = "promoted" if alias == self._aliases[0] else f"promoted-{alias}"
        expression = f"${{[for a in {found} : a.version_num if a.alias_name == {quoted(alias)}]}}"
        return f"local.{TerraformLocal(scope, name, expression).friendly_unique_id}"


def _listed(expression: str) -> str:
    """A list that Databricks leaves out while it is empty."""
    return f"({expression} == null ? [] : {expression})"
