"""What features and labels a project builds, and of which silver tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.project.existing import ExistingFeatures

PACKED, ONLINE = "packed", "online"
_STORES = (PACKED, ONLINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A silver table that a request's features are filled in from: `columns` by `key`.

    `store` says where. `packed`: the rows as they are when the model is trained go into its artifacts. `online`: each
    request asks the project's online store, to which the step `publish_online` brings what changed meanwhile.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    store: str = PACKED

    def __post_init__(self) -> None:
        if self.store not in _STORES:
            raise InvalidProject(
                f"workflow.features.request.references: {self.table} has the store {self.store!r}; it must be one of"
                f" {', '.join(_STORES)}."
            )
        if not self.columns or self.key in self.columns:
            raise InvalidProject(
                f"workflow.features.request.references: {self.table} needs columns, and other ones than its key"
                f" {self.key!r}; got {list(self.columns)}."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a request may carry instead of features: `columns` (name and type), from which `function` derives them.

    `function(request, references)` is pandas: the request's rows with the columns of each reference joined to them,
    by its name, to the features that it can tell. It is packed with the model and may import nothing of ours.
    """

    function: str
    columns: Mapping[str, str]
    references: Mapping[str, Reference] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in self.columns.items():
            if kind not in ("string", "double"):
                raise InvalidProject(
                    f"workflow.features.request.columns.{name}: got {kind!r}, must be string or double."
                )
        for name, reference in self.references.items():
            if reference.key not in self.columns:
                raise InvalidProject(
                    f"workflow.features.request.references.{name}.key: got {reference.key!r}, must be one of the"
                    f" request's columns: {', '.join(self.columns)}."
                )

    def online(self) -> Mapping[str, Reference]:
        """The references that an online store is asked for."""
        return {name: reference for name, reference in self.references.items() if reference.store == ONLINE}


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureTable:
    """The project's function that builds features, or the table of others that has them; and the promised columns.

    With `lookback_days`, new rows of an input change only features whose moment lies at most so many days before or
    after the time of the row, in the column that `event_times` names for that input. Without it, or for an input
    without a time, new rows build all features again.
    """

    columns: str
    key: str
    time_key: str
    function: str = ""
    inputs: tuple[str, ...] = ()
    existing: ExistingFeatures | None = None
    lookback_days: int | None = None
    event_times: Mapping[str, str] = field(default_factory=dict)
    request: Request | None = None

    def __post_init__(self) -> None:
        self._require_one_origin()
        unknown = sorted(set(self.event_times) - set(self.inputs))
        if unknown:
            raise InvalidProject(
                f"workflow.features.event_times: {', '.join(unknown)} is none of the inputs {', '.join(self.inputs)}."
            )
        for name, reference in (self.request.references if self.request else {}).items():
            if reference.table not in self.inputs:
                raise InvalidProject(
                    f"workflow.features.request.references.{name}.table: {reference.table} is none of the inputs"
                    f" {', '.join(self.inputs)}, so offline features cannot come from it."
                )
        if self.lookback_days is not None and not 1 <= self.lookback_days <= 3660:
            raise InvalidProject(
                f"workflow.features.lookback_days: got {self.lookback_days}, must be from 1 to 3660."
                " Days are whole: less than one would miss what happens at midnight."
            )
        if self.lookback_days is not None and not self.event_times:
            raise InvalidProject(
                "workflow.features.lookback_days: given without event_times, so nobody knows when a row happened."
            )

    def _require_one_origin(self) -> None:
        """Features are built by a function from silver tables, or taken from what others keep."""
        if bool(self.function) == (self.existing is not None):
            raise InvalidProject(
                "workflow.features: give `function` (the project builds its features) or `existing` (others keep"
                " them), exactly one."
            )
        if self.existing is None:
            if not self.inputs:
                raise InvalidProject("workflow.features.inputs: missing; name the silver tables that `function` gets.")
            return
        needless = [name for name in ("inputs", "lookback_days", "event_times", "request") if getattr(self, name)]
        if needless:
            raise InvalidProject(
                f"workflow.features.{needless[0]}: belongs to `function`; features that others keep are taken as they"
                " are. Remove it, or build the features."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The project's function that says what happened in the end: the key and a 0/1 label.

    `inputs` are silver tables by name, or Delta tables of others as schema.table or catalog.schema.table.
    """

    function: str
    inputs: tuple[str, ...]
    column: str
