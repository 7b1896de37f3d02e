"""databricks_catalog."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import (
    Behaviour,
    OneOf,
    ignore_case,
    ignore_slash,
    ignore_unset,
    one_of,
)
from brickyard_local.provider.resource import Session, State
from brickyard_local.provider.resources.catalog.securable import (
    UNITY,
    Securable,
    bind_current_workspace,
    current_workspace_id,
)
from brickyard_local.provider.wire.values import Value

_ISOLATED = "ISOLATED"


class Catalog(Securable):
    """A catalog.

    An ISOLATED one is bound to the workspace which makes it, and again before it is deleted.
    Gaps: the arguments of foreign and shared catalogs are sent as they are.
    """

    type_name = "databricks_catalog"
    collection = "catalogs"
    name_parts = ("name",)
    create_fields = (
        "comment",
        "connection_name",
        "name",
        "options",
        "properties",
        "provider_name",
        "share_name",
        "storage_root",
    )
    update_fields = ("comment", "enable_predictive_optimization", "isolation_mode", "owner", "properties")
    settled_by_update = ("owner", "isolation_mode", "enable_predictive_optimization")
    behaviour = Behaviour(
        force_new=frozenset({"connection_name", "provider_name", "share_name", "storage_root"}),
        defaults={"force_destroy": False},
        computed_blocks=frozenset({"effective_predictive_optimization_flag"}),
        suppress={
            "connection_name": ignore_case,
            "effective_predictive_optimization_flag": ignore_unset,
            "name": ignore_case,
            "provider_name": ignore_case,
            "share_name": ignore_case,
            "storage_root": ignore_slash,
        },
        checks={"enable_predictive_optimization": one_of("DISABLE", "ENABLE", "INHERIT")},
        one_of=(
            OneOf(names=("connection_name", "provider_name")),
            OneOf(names=("connection_name", "share_name")),
            OneOf(names=("storage_root", "provider_name")),
            OneOf(names=("storage_root", "share_name")),
        ),
        local=frozenset({"id", "force_destroy"}),
    )

    def complete(self, session: Session, state: State) -> None:
        """Only what the configuration names is left in a new catalog: its `default` schema goes."""
        name = str(state["id"])
        if not (state.get("share_name") or state.get("connection_name")):
            session.api.delete(f"{UNITY}/schemas/{segment(f'{name}.default')}")
        super().complete(session, state)
        self._bind(session, state, name)

    def update(self, session: Session, prior: State, planned: State) -> str:
        name = super().update(session, prior, planned)
        if session.changed(prior, planned) - self.behaviour.local - {"owner"}:
            self._bind(session, planned, name)
        return name

    def delete(self, session: Session, prior: State) -> None:
        if prior.get("isolation_mode") == _ISOLATED:
            body = {"assign_workspaces": [current_workspace_id(session.api)]}
            session.api.patch(f"{UNITY}/workspace-bindings/catalogs/{segment(str(prior['id']))}", body)
        super().delete(session, prior)

    def update_body(self, session: Session, prior: State, planned: State) -> dict[str, Value]:
        body = super().update_body(session, prior, planned)
        options = planned.get("options")
        if isinstance(options, dict) and "authorized_paths" in options:
            body["options"] = {"authorized_paths": options["authorized_paths"]}
        return body

    def _bind(self, session: Session, state: State, name: str) -> None:
        if state.get("isolation_mode") != _ISOLATED:
            return
        bind_current_workspace(session, "catalog", name)
