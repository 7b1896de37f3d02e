"""When Databricks starts work by itself."""

from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Dotted, Form, Strict, Text

Timezone = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", max_length=64), Form("as UTC or Europe/Zurich")
]


class Schedule(Strict):
    """At given times. Source: quartz-scheduler.org, cron triggers (six or seven fields, seconds first)."""

    quartz_cron: Text = Field(description="a Quartz cron expression, seconds first")
    timezone: Timezone = Field(default="UTC", description="whose clock it follows")


class FileArrival(Strict):
    """When files arrive in a volume or an external location."""

    kind: Literal["file_arrival"]
    volume: Dotted = Field(description="schema.volume of the environment's catalog")
    min_seconds_between: int = Field(
        default=60, ge=60, le=86_400, description="seconds between two runs at least, 60 to 86400"
    )


class TableUpdate(Strict):
    """When tables change."""

    kind: Literal["table_update"]
    tables: Annotated[tuple[Dotted, ...], Field(strict=False, min_length=1)] = Field(
        description="each as schema.table of the environment's catalog"
    )
    condition: Literal["ANY_UPDATED", "ALL_UPDATED"] = Field(default="ANY_UPDATED", description="one of them, or all")
    min_seconds_between: int = Field(
        default=60, ge=60, le=86_400, description="seconds between two runs at least, 60 to 86400"
    )


Trigger = Annotated[FileArrival | TableUpdate, Field(discriminator="kind")]
