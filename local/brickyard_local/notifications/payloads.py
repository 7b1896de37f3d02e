"""Bodies of the notification destinations API.

Source: docs.databricks.com/api/workspace/notificationdestinations
"""

from pydantic import BaseModel, ConfigDict, Field


class _Body(BaseModel, defer_build=True):
    model_config = ConfigDict(extra="forbid")


class Email(_Body):
    """Addresses."""

    addresses: list[str] = Field(min_length=1)


class GenericWebhook(_Body):
    """Any receiver."""

    url: str = ""
    username: str | None = None
    password: str | None = None
    url_set: bool | None = None
    username_set: bool | None = None
    password_set: bool | None = None


class MicrosoftTeams(_Body):
    """A channel of Teams."""

    url: str = ""
    app_id: str | None = None
    auth_secret: str | None = None
    channel_url: str | None = None
    tenant_id: str | None = None
    url_set: bool | None = None
    app_id_set: bool | None = None
    auth_secret_set: bool | None = None
    channel_url_set: bool | None = None
    tenant_id_set: bool | None = None


class Pagerduty(_Body):
    """A service of PagerDuty."""

    integration_key: str = ""
    integration_key_set: bool | None = None


class Slack(_Body):
    """A channel of Slack."""

    url: str = ""
    channel_id: str | None = None
    oauth_token: str | None = None
    url_set: bool | None = None
    channel_id_set: bool | None = None
    oauth_token_set: bool | None = None


class Config(_Body):
    """Exactly one of them."""

    email: Email | None = None
    generic_webhook: GenericWebhook | None = None
    microsoft_teams: MicrosoftTeams | None = None
    pagerduty: Pagerduty | None = None
    slack: Slack | None = None


class DestinationFields(_Body):
    """What a destination is made of; a change gives what changes."""

    display_name: str | None = Field(default=None, min_length=1, max_length=255)
    config: Config | None = None
    id: str | None = None
    """Some clients say it twice."""
