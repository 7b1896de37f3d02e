"""databricks_sql_endpoint: a SQL warehouse."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, between, ignore_unset, one_of
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.waiting import NotReady, timeout_s, wait_for
from brickyard_local.provider.wire.values import UNKNOWN, Value

_WAREHOUSES = "/api/2.0/sql/warehouses"
_DEFAULT_TIMEOUT_S = 30 * 60
_SIZES = ("2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large")
_SENT_WHEN_ZERO = ("auto_stop_mins", "enable_photon", "enable_serverless_compute")
_FIELDS = (
    "auto_stop_mins",
    "channel",
    "cluster_size",
    "creator_name",
    "enable_photon",
    "enable_serverless_compute",
    "instance_profile_arn",
    "max_num_clusters",
    "min_num_clusters",
    "name",
    "spot_instance_policy",
    "tags",
    "warehouse_type",
)


def _ignore_no_wait(old: Value, new: Value) -> bool:
    return not old and not new


class SqlEndpoint(Resource):
    """A warehouse; making one waits until it runs, unless `no_wait` says otherwise."""

    type_name = "databricks_sql_endpoint"
    behaviour = Behaviour(
        defaults={
            "auto_stop_mins": 120,
            "channel.name": "CHANNEL_NAME_CURRENT",
            "enable_photon": True,
            "max_num_clusters": 1,
            "no_wait": False,
            "spot_instance_policy": "COST_OPTIMIZED",
        },
        suppress={
            **dict.fromkeys(
                (
                    "channel",
                    "channel.dbsql_version",
                    "channel.name",
                    "min_num_clusters",
                    "tags",
                    "tags.custom_tags",
                    "warehouse_type",
                ),
                ignore_unset,
            ),
            "no_wait": _ignore_no_wait,
        },
        checks={
            "cluster_size": one_of(*_SIZES),
            "max_num_clusters": between(1, 30),
            "warehouse_type": one_of("PRO", "CLASSIC"),
        },
        local=frozenset({"id", "no_wait"}),
    )

    def create(self, session: Session, planned: State) -> str:
        return str(session.api.post(_WAREHOUSES, _body(session, planned))["id"])

    def complete(self, session: Session, state: State) -> None:
        """Errors: NotReady when the warehouse does not start; it is deleted then."""
        if state.get("no_wait"):
            return
        path = _path(state["id"])
        try:
            wait_for(
                f"The warehouse {state['name']}",
                lambda: str(session.api.get(path).get("state")),
                ready="RUNNING",
                failed=("DELETED", "STOPPED"),
                timeout_s=timeout_s(state, "create", _DEFAULT_TIMEOUT_S),
            )
        except NotReady:
            session.api.delete(path)
            raise

    def read(self, session: Session, state: State) -> Found | None:
        warehouse_id = str(state["id"])
        warehouse = session.api.get(_path(warehouse_id))
        sources = session.api.get("/api/2.0/preview/sql/data_sources")
        source = next((item for item in sources if item.get("warehouse_id") == warehouse_id), None)
        if source is None:
            raise InvalidValue(f"no data source found for endpoint {warehouse_id}")
        return {**session.found(warehouse), "data_source_id": source["id"]}

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.post(f"{_path(prior['id'])}/edit", _body(session, planned))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(prior["id"]))


def _path(warehouse_id: Value) -> str:
    return f"{_WAREHOUSES}/{segment(str(warehouse_id))}"


def _body(session: Session, planned: State) -> dict[str, Value]:
    known = {name: planned[name] for name in _SENT_WHEN_ZERO if planned.get(name) not in (None, UNKNOWN)}
    return {**session.body(planned, *_FIELDS), **known}
