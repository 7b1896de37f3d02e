"""How a project's rows are scored, besides what every project shares."""

from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject


@dataclass(frozen=True, kw_only=True, slots=True)
class Streaming:
    """How feature rows are scored as they come.

    A micro-batch begins at most every `every_s` seconds and takes at most `files_per_batch` files; the champion is
    looked up every `champion_every_s` seconds.
    """

    every_s: int = 5
    files_per_batch: int = 100
    champion_every_s: int = 10

    def __post_init__(self) -> None:
        for name in ("every_s", "files_per_batch", "champion_every_s"):
            if getattr(self, name) < 1:
                raise InvalidProject(
                    f"workflow.inference.streaming.{name}: got {getattr(self, name)}, must be 1 or more."
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class Inference:
    """What is scored, and how.

    `served_entities` is the table that says which model version answered a request of the endpoint.
    Source: docs.databricks.com/aws/en/ai-gateway/inference-tables-serving-endpoints (join with the system table)
    """

    streaming: Streaming | None = None
    served_entities: str = "system.serving.served_entities"

    def __post_init__(self) -> None:
        if self.served_entities.count(".") != 2 or "`" in self.served_entities:
            raise InvalidProject(
                f"workflow.inference.served_entities: got {self.served_entities!r}, must be catalog.schema.table."
            )
