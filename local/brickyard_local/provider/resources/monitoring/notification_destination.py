"""databricks_notification_destination. What is secret in it is not reported: it stays as configured."""

from collections.abc import Mapping

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value

_DESTINATIONS = "/api/2.0/notification-destinations"
_SECRETS: Mapping[str, tuple[str, ...]] = {
    "email": (),
    "generic_webhook": ("password", "url", "username"),
    "microsoft_teams": ("app_id", "auth_secret", "channel_url", "tenant_id", "url"),
    "pagerduty": ("integration_key",),
    "slack": ("channel_id", "oauth_token", "url"),
}
_KINDS = tuple(f"config.{kind}" for kind in _SECRETS)


class NotificationDestination(Resource):
    """Where alerts and jobs tell of themselves."""

    type_name = "databricks_notification_destination"
    behaviour = Behaviour(
        force_new=frozenset(_KINDS),
        one_of=(OneOf(names=_KINDS, at_least=1),),
        not_reported=frozenset(f"config.{kind}.{name}" for kind, names in _SECRETS.items() for name in names),
    )

    def create(self, session: Session, planned: State) -> str:
        return str(session.api.post(_DESTINATIONS, session.body(planned, "config", "display_name"))["id"])

    def read(self, session: Session, state: State) -> Found | None:
        return session.found(session.api.get(_path(state["id"])))

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.patch(_path(prior["id"]), session.body(planned, "config", "display_name"))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(prior["id"]))


def _path(destination_id: Value) -> str:
    return f"{_DESTINATIONS}/{segment(str(destination_id))}"
