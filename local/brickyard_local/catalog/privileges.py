"""The privileges of Unity Catalog as data: which securable takes which, and what each implies.

Source: docs.databricks.com/data-governance/unity-catalog/access-control/privileges-reference (privilege model 1.0),
…/access-control/permissions-concepts (inheritance, ownership), …/manage-privileges/ownership.
"""

from types import MappingProxyType

from brickyard_local.catalog.securables import (
    CATALOG,
    EXTERNAL_LOCATION,
    METASTORE,
    MODEL,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
    SecurableType,
)
from brickyard_local.errors import InvalidParameter

ALL = "ALL_PRIVILEGES"
MANAGE = "MANAGE"
BROWSE = "BROWSE"

# What a call may need besides a privilege: see the metadata, or be the owner (or a metastore admin).
READ = "READ_METADATA"
OWN = "OWNERSHIP"

_ON_TABLE = frozenset({"SELECT", "MODIFY"})
_ON_VOLUME = frozenset({"READ_VOLUME", "WRITE_VOLUME"})
_ON_MODEL = frozenset({"EXECUTE", "CREATE_MODEL_VERSION"})
_ON_SCHEMA = frozenset(
    {
        "USE_SCHEMA",
        "CREATE_TABLE",
        "CREATE_MATERIALIZED_VIEW",
        "CREATE_VOLUME",
        "CREATE_MODEL",
        "CREATE_FUNCTION",
        "REFRESH",
        "EXTERNAL_USE_SCHEMA",
    }
)
_ON_CATALOG = frozenset({"USE_CATALOG", "CREATE_SCHEMA"})
_ANYWHERE = frozenset({ALL, MANAGE, "APPLY_TAG"})

# A container takes, besides its own, the privileges of everything below it: they are inherited downwards.
_BELOW_SCHEMA = _ON_SCHEMA | _ON_TABLE | _ON_VOLUME | _ON_MODEL | {BROWSE}
GRANTABLE = MappingProxyType(
    {
        METASTORE.name: frozenset(
            {
                "CREATE_CATALOG",
                "CREATE_CLEAN_ROOM",
                "CREATE_CONNECTION",
                "CREATE_EXTERNAL_LOCATION",
                "CREATE_PROVIDER",
                "CREATE_RECIPIENT",
                "CREATE_SERVICE_CREDENTIAL",
                "CREATE_SHARE",
                "CREATE_STORAGE_CREDENTIAL",
                "MANAGE_ALLOWLIST",
                "SET_SHARE_PERMISSION",
                "USE_MARKETPLACE_ASSETS",
                "USE_PROVIDER",
                "USE_RECIPIENT",
                "USE_SHARE",
            }
        ),
        CATALOG.name: _ANYWHERE | _ON_CATALOG | _BELOW_SCHEMA,
        SCHEMA.name: _ANYWHERE | _BELOW_SCHEMA,
        TABLE.name: _ANYWHERE | _ON_TABLE,
        VOLUME.name: _ANYWHERE | _ON_VOLUME,
        MODEL.name: _ANYWHERE | _ON_MODEL,
        STORAGE_CREDENTIAL.name: frozenset({ALL, MANAGE, *STORAGE_CREDENTIAL.read}),
        EXTERNAL_LOCATION.name: frozenset({ALL, MANAGE, BROWSE, "EXTERNAL_USE_LOCATION", *EXTERNAL_LOCATION.read}),
    }
)

# "ALL PRIVILEGES" is worked out when a call is checked, and never contains these.
NOT_IN_ALL = frozenset({MANAGE, "EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_LOCATION"})
# An owner has every privilege on the object but this one, which must be granted by name.
NOT_BY_OWNERSHIP = frozenset({"EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_LOCATION"})
# Privileges that do for another.
SUFFICES = MappingProxyType({"CREATE_MODEL": ("CREATE_FUNCTION",)})
# A metastore admin manages everything but reads and writes no data without a grant; it may grant itself.
DATA = frozenset(
    {
        "SELECT",
        "MODIFY",
        "READ_VOLUME",
        "WRITE_VOLUME",
        "EXECUTE",
        "READ_FILES",
        "WRITE_FILES",
        "EXTERNAL_USE_SCHEMA",
        "EXTERNAL_USE_LOCATION",
    }
)
# All that a workspace may do with a securable that is bound to it read-only.
READ_ONLY = frozenset({READ, BROWSE, "USE_CATALOG", "USE_SCHEMA", "SELECT", "READ_VOLUME", "EXECUTE", "READ_FILES"})


def checked_privilege(kind: SecurableType, privilege: str) -> str:
    """The privilege in its API form (`USE CATALOG` is USE_CATALOG). Errors: InvalidParameter."""
    normal = privilege.strip().upper().replace(" ", "_")
    if normal not in GRANTABLE[kind.name]:
        possible = ", ".join(sorted(GRANTABLE[kind.name]))
        raise InvalidParameter(f"Privilege {privilege} is not applicable to a {kind.noun}. Applicable are: {possible}.")
    return normal
