"""The statements that the front answers itself, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CATALOG, SCHEMA, TABLE, VOLUME, FUNCTION = "CATALOG", "SCHEMA", "TABLE", "VOLUME", "FUNCTION"
METASTORE, EXTERNAL_LOCATION, STORAGE_CREDENTIAL = "METASTORE", "EXTERNAL_LOCATION", "STORAGE_CREDENTIAL"

Name = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Securable:
    """What a statement is about; `name` as it was written, not necessarily whole. A metastore has none."""

    kind: str
    name: Name = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeGrants:
    """GRANT, or REVOKE."""

    securable: Securable
    principal: str
    privileges: tuple[str, ...]
    revoke: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowGrants:
    """SHOW GRANTS [principal] ON securable."""

    securable: Securable
    principal: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Show:
    """SHOW CATALOGS, SCHEMAS or VOLUMES [IN parent] [LIKE pattern]."""

    kind: str
    parent: Name
    pattern: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Create:
    """CREATE CATALOG, SCHEMA or VOLUME."""

    securable: Securable
    if_not_exists: bool
    comment: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drop:
    """DROP CATALOG, SCHEMA or VOLUME."""

    securable: Securable
    if_exists: bool
    cascade: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A new owner, comment or name."""

    securable: Securable
    fields: Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeTags:
    """SET TAGS and UNSET TAGS; of a column when it is named."""

    securable: Securable
    column: str | None
    assigned: Mapping[str, str]
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Describe:
    """DESCRIBE CATALOG, SCHEMA or VOLUME."""

    securable: Securable
    extended: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewritten:
    """The same statement in Spark's words."""

    text: str


Command = ChangeGrants | ShowGrants | Show | Create | Drop | Change | ChangeTags | Describe | Rewritten
