"""Notification destinations: whom jobs and alerts tell, by one id."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.notification_destination import (
    NotificationDestination as NotificationDestinationResource,
)
from cdktf_cdktf_provider_databricks.notification_destination import (
    NotificationDestinationConfigA,
    NotificationDestinationConfigEmail,
)
from constructs import Construct

from brickyard_constructs.checks import check_each_once, check_emails, check_not_empty
from brickyard_constructs.ownership import protection


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationDestinationProps:
    """Its name, and the addresses behind it."""

    name: str
    emails: tuple[str, ...]
    protected: bool = False

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_not_empty("emails", self.emails)
        check_emails("emails", self.emails)
        check_each_once("emails", self.emails)


class NotificationDestination(Construct):
    """A list of e-mail addresses under one name, made by a workspace administrator.

    Slack, Teams, PagerDuty and webhooks are made by hand and named by their id: their addresses are secrets, and
    Terraform would write them into its state.

    Creates: databricks_notification_destination.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/notification_destination
    """

    def __init__(self, scope: Construct, id_: str, props: NotificationDestinationProps) -> None:
        super().__init__(scope, id_)
        email = NotificationDestinationConfigEmail(addresses=list(props.emails))
        self.destination = NotificationDestinationResource(
            self,
            "Resource",
            display_name=props.name,
            config=NotificationDestinationConfigA(email=email),
            lifecycle=protection(props.protected),
        )
        self.destination_id = self.destination.id
