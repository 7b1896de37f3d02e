"""Permission levels of each object type, lowest first: a level includes those before it.

Source: the provider's permissions/permission_definitions.go (types, levels, the singular names of answers);
docs.databricks.com/aws/en/security/auth/access-control (order).
"""

from dataclasses import dataclass

from brickyard_local.errors import InvalidParameter

OWNER = "IS_OWNER"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectType:
    """One type of workspace object, by its name in request paths and in answers."""

    request: str
    answer: str
    levels: tuple[str, ...]

    @property
    def has_owner(self) -> bool:
        return OWNER in self.levels

    @property
    def creator_level(self) -> str:
        """What the principal that makes an object holds."""
        return self.levels[-1]

    @property
    def admin_level(self) -> str:
        """What `admins` inherit on every object."""
        return "CAN_MANAGE" if "CAN_MANAGE" in self.levels else self.levels[-1]

    def rank(self, level: str) -> int:
        """The place of a level. Errors: InvalidParameter naming the levels of this type."""
        if level not in self.levels:
            raise InvalidParameter(
                f"Permission level '{level}' is not supported with {self.request}; the levels are "
                f"{', '.join(self.levels)}."
            )
        return self.levels.index(level)


_TREE = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_USE = ("CAN_USE", "CAN_MANAGE")
_MODEL = (
    "CAN_READ",
    "CAN_EDIT",
    "CAN_MANAGE_STAGING_VERSIONS",
    "CAN_MANAGE_PRODUCTION_VERSIONS",
    "CAN_MANAGE",
)
_TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("alertsv2", "alertv2", _TREE),
    ("apps", "apps", _USE),
    ("authorization", "tokens", _USE),
    ("cluster-policies", "cluster-policy", ("CAN_USE",)),
    ("clusters", "cluster", ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE")),
    ("dashboards", "dashboard", _TREE),
    ("database-instances", "database-instances", ("CAN_CREATE", "CAN_USE", "CAN_MANAGE")),
    ("dbsql-dashboards", "dashboard", _TREE),
    ("directories", "directory", _TREE),
    ("experiments", "mlflowExperiment", ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")),
    ("files", "file", _TREE),
    ("instance-pools", "instance-pool", ("CAN_ATTACH_TO", "CAN_MANAGE")),
    ("jobs", "job", ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", OWNER)),
    ("notebooks", "notebook", _TREE),
    ("pipelines", "pipelines", ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", OWNER)),
    ("registered-models", "registered-model", _MODEL),
    ("repos", "repo", _TREE),
    ("serving-endpoints", "serving-endpoint", ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")),
    ("sql/alerts", "alert", _TREE),
    ("sql/queries", "query", _TREE),
    ("sql/warehouses", "warehouses", ("CAN_VIEW", "CAN_USE", "CAN_MONITOR", "CAN_MANAGE", OWNER)),
    ("vector-search-endpoints", "vector-search-endpoints", _USE),
)
_TYPES = {request: ObjectType(request=request, answer=answer, levels=levels) for request, answer, levels in _TABLE}


def canonical(request: str) -> str:
    """The type's name of now: databricks-sdk's warehouses API still asks for `warehouses`.

    >>> canonical("warehouses"), canonical("jobs")
    ('sql/warehouses', 'jobs')
    """
    return "sql/warehouses" if request == "warehouses" else request


def object_type(request: str) -> ObjectType:
    """Errors: InvalidParameter naming the types."""
    if request not in _TYPES:
        raise InvalidParameter(f"'{request}' is no object type with permissions; the types are {', '.join(_TYPES)}.")
    return _TYPES[request]


def object_types() -> tuple[ObjectType, ...]:
    """All types that the permissions API knows."""
    return tuple(_TYPES.values())
