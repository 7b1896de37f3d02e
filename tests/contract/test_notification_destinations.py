"""Notification destinations through the unmodified databricks-sdk: recorded, and no secret of theirs kept."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.settings import Config, DestinationType, EmailConfig, PagerdutyConfig, SlackConfig

from brickyard_local.pytest_plugin import LocalWorkspace

URL = "https://hooks.example.org/secret-part"


def name() -> str:
    return f"destination-{secrets.token_hex(4)}"


def test_a_destination_comes_back_as_it_was_made_and_changed(client: WorkspaceClient) -> None:
    config = Config(email=EmailConfig(addresses=["a@x.org"]))
    made = client.notification_destinations.create(config=config, display_name=name())
    changed = Config(email=EmailConfig(addresses=["b@x.org"]))
    client.notification_destinations.update(str(made.id), config=changed)
    found = client.notification_destinations.get(str(made.id))
    assert (found.display_name, found.destination_type) == (made.display_name, DestinationType.EMAIL)
    assert found.config == changed
    assert made.id in [each.id for each in client.notification_destinations.list(page_size=1)]
    client.notification_destinations.delete(str(made.id))
    with pytest.raises(NotFound):
        client.notification_destinations.get(str(made.id))


def test_of_a_secret_only_that_it_is_set_is_kept(local_workspace: LocalWorkspace) -> None:
    client = local_workspace.client()
    made = client.notification_destinations.create(config=Config(slack=SlackConfig(url=URL)), display_name=name())
    found = client.notification_destinations.get(str(made.id)).config
    assert found is not None
    assert found.slack == SlackConfig(url_set=True)
    databases = list(local_workspace.home.root.glob("*.db*"))
    assert databases
    assert [path for path in databases if URL.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (Config(), "exactly one of"),
        (Config(slack=SlackConfig(url=URL), pagerduty=PagerdutyConfig(integration_key="k")), "exactly one of"),
        (Config(slack=SlackConfig(channel_id="c")), "needs 'url'"),
        (Config(pagerduty=PagerdutyConfig()), "needs 'integration_key'"),
    ],
)
def test_a_configuration_has_one_kind_which_is_whole(client: WorkspaceClient, config: Config, said: str) -> None:
    with pytest.raises(InvalidParameterValue, match=said):
        client.notification_destinations.create(config=config, display_name=name())


def test_a_destination_keeps_its_kind_and_its_name_is_its_own(client: WorkspaceClient) -> None:
    mail = Config(email=EmailConfig(addresses=["a@x.org"]))
    first = client.notification_destinations.create(config=mail, display_name=name())
    with pytest.raises(InvalidParameterValue, match="for life"):
        client.notification_destinations.update(str(first.id), config=Config(slack=SlackConfig(url=URL)))
    with pytest.raises(InvalidParameterValue, match="taken"):
        client.notification_destinations.create(config=mail, display_name=first.display_name)


def test_only_administrators_change_destinations(client: WorkspaceClient, new_robot: Callable[[], Any]) -> None:
    mail = Config(email=EmailConfig(addresses=["a@x.org"]))
    made = client.notification_destinations.create(config=mail, display_name=name())
    theirs = new_robot().client()
    assert theirs.notification_destinations.get(str(made.id)).id == made.id
    for refused in (
        lambda: theirs.notification_destinations.create(config=mail, display_name=name()),
        lambda: theirs.notification_destinations.update(str(made.id), display_name=name()),
        lambda: theirs.notification_destinations.delete(str(made.id)),
    ):
        with pytest.raises(PermissionDenied):
            refused()
