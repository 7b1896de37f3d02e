"""databricks_external_location."""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_case, ignore_slash
from brickyard_local.provider.resource import Session, State
from brickyard_local.provider.resources.catalog.storage import StorageSecurable, starts_to_skip
from brickyard_local.provider.wire.values import Value

_QUEUES = tuple(
    f"file_event_queue.{kind}_{queue}" for kind in ("managed", "provided") for queue in ("aqs", "pubsub", "sqs")
)
_FIELDS = (
    "comment",
    "credential_name",
    "enable_file_events",
    "encryption_details",
    "fallback",
    "file_event_queue",
    "name",
    "read_only",
    "skip_validation",
    "url",
)


class ExternalLocation(StorageSecurable):
    """A path of cloud storage, with the credential that reaches it."""

    type_name = "databricks_external_location"
    collection = "external-locations"
    securable_type = "external_location"
    create_fields = _FIELDS
    update_fields = (*(name for name in _FIELDS if name != "name"), "isolation_mode", "owner")
    flags = ("read_only", "fallback", "enable_file_events")
    behaviour = Behaviour(
        force_new=frozenset({"name"}),
        suppress={"name": ignore_case, "skip_validation": starts_to_skip, "url": ignore_slash},
        one_of=(OneOf(names=_QUEUES),),
        local=frozenset({"id", "force_destroy", "force_update"}),
        not_reported=frozenset({"skip_validation"}),
    )

    def update_body(self, session: Session, prior: State, planned: State) -> dict[str, Value]:
        body = super().update_body(session, prior, planned)
        if not planned.get("enable_file_events"):
            body.pop("file_event_queue", None)
        for queue in body.get("file_event_queue", {}).values():
            queue.pop("managed_resource_id", None)
        return body
