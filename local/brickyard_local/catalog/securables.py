"""The securables of Unity Catalog that this account has, and how they are named.

Source: docs.databricks.com/sql/language-manual/sql-ref-names (names); error codes: the `ErrorCode` enumeration
in databricks-sdk's `service/sharing.py` and the messages quoted in issues of databricks/terraform-provider-databricks
(2621: "Schema 'mysql.default' does not exist.", 4046: "Schema … is not empty").
"""

import re
from dataclasses import dataclass

from brickyard_local.errors import InvalidParameter, NotEmulated

_MAX_NAME = 255
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f./]")
_LEVEL_NAMES = ("catalog", "schema", "name")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurableType:
    """A kind of securable: how the API, messages and the store call it, and what guards it.

    `levels` is the number of parts of its full name; `create` the privilege on the parent that lets one create it;
    `read` the privileges on itself of which any lets its metadata be read.
    """

    name: str
    noun: str
    kind: str
    levels: int
    missing: str
    existing: str
    create: str = ""
    read: tuple[str, ...] = ()


METASTORE = SecurableType(
    name="METASTORE", noun="Metastore", kind="metastores", levels=0, missing="METASTORE_DOES_NOT_EXIST", existing=""
)
CATALOG = SecurableType(
    name="CATALOG",
    noun="Catalog",
    kind="catalogs",
    levels=1,
    missing="CATALOG_DOES_NOT_EXIST",
    existing="CATALOG_ALREADY_EXISTS",
    create="CREATE_CATALOG",
    read=("USE_CATALOG",),
)
SCHEMA = SecurableType(
    name="SCHEMA",
    noun="Schema",
    kind="schemas",
    levels=2,
    missing="SCHEMA_DOES_NOT_EXIST",
    existing="SCHEMA_ALREADY_EXISTS",
    create="CREATE_SCHEMA",
    read=("USE_SCHEMA",),
)
TABLE = SecurableType(
    name="TABLE",
    noun="Table",
    kind="tables",
    levels=3,
    missing="TABLE_DOES_NOT_EXIST",
    existing="TABLE_ALREADY_EXISTS",
    create="CREATE_TABLE",
    read=("SELECT", "MODIFY"),
)
VOLUME = SecurableType(
    name="VOLUME",
    noun="Volume",
    kind="volumes",
    levels=3,
    missing="RESOURCE_DOES_NOT_EXIST",
    existing="RESOURCE_ALREADY_EXISTS",
    create="CREATE_VOLUME",
    read=("READ_VOLUME", "WRITE_VOLUME"),
)
# Unity Catalog keeps registered models with its functions and says so in messages.
MODEL = SecurableType(
    name="FUNCTION",
    noun="Routine or Model",
    kind="models",
    levels=3,
    missing="RESOURCE_DOES_NOT_EXIST",
    existing="RESOURCE_ALREADY_EXISTS",
    create="CREATE_MODEL",
    read=("EXECUTE", "CREATE_MODEL_VERSION"),
)

STORAGE_CREDENTIAL = SecurableType(
    name="STORAGE_CREDENTIAL",
    noun="Storage Credential",
    kind="storage_credentials",
    levels=1,
    missing="STORAGE_CREDENTIAL_DOES_NOT_EXIST",
    existing="STORAGE_CREDENTIAL_ALREADY_EXISTS",
    create="CREATE_STORAGE_CREDENTIAL",
    read=("CREATE_EXTERNAL_LOCATION", "CREATE_EXTERNAL_TABLE", "READ_FILES", "WRITE_FILES"),
)
EXTERNAL_LOCATION = SecurableType(
    name="EXTERNAL_LOCATION",
    noun="External Location",
    kind="external_locations",
    levels=1,
    missing="EXTERNAL_LOCATION_DOES_NOT_EXIST",
    existing="EXTERNAL_LOCATION_ALREADY_EXISTS",
    create="CREATE_EXTERNAL_LOCATION",
    read=(
        "CREATE_EXTERNAL_TABLE",
        "CREATE_EXTERNAL_VOLUME",
        "CREATE_FOREIGN_SECURABLE",
        "CREATE_MANAGED_STORAGE",
        "READ_FILES",
        "WRITE_FILES",
    ),
)

INFORMATION_SCHEMA = "information_schema"
PARENTS = (CATALOG, SCHEMA)
LEAVES = (TABLE, VOLUME, MODEL)
# Those that stand beside catalogs, right below the metastore.
BESIDE = (STORAGE_CREDENTIAL, EXTERNAL_LOCATION)
_BY_NAME = {kind.name: kind for kind in (METASTORE, CATALOG, SCHEMA, TABLE, VOLUME, MODEL, *BESIDE)} | {
    "MODEL": MODEL,
    "REGISTERED_MODEL": MODEL,
}


def securable_type(name: str) -> SecurableType:
    """The type that the API names so, e.g. `catalog`. Errors: NotEmulated for one that this account has not."""
    found = _BY_NAME.get(name.upper().replace("-", "_"))
    if found is None:
        raise NotEmulated(f"Unity Catalog securables of type '{name}'")
    return found


def split_name(kind: SecurableType, full_name: str) -> tuple[str, ...]:
    """The parts of a full name, in lower case. Errors: InvalidParameter when it has not as many as its type."""
    parts = tuple(full_name.lower().split("."))
    if len(parts) != kind.levels or not all(parts):
        shape = ".".join(_LEVEL_NAMES[: kind.levels])
        raise InvalidParameter(
            f"'{full_name}' is not a full name of a {kind.noun}: please specify all {_count(kind.levels)} levels, "
            f"{shape}."
        )
    return parts


def checked_name(name: str) -> str:
    """A name for a new object, in lower case. Errors: InvalidParameter for one that Unity Catalog refuses."""
    if not name or len(name) > _MAX_NAME or _FORBIDDEN.search(name):
        raise InvalidParameter(
            f"'{name}' is not a valid name: it has 1 to {_MAX_NAME} characters and no period, space, slash or "
            "control character. Use lower-case letters, digits and underscores."
        )
    return name.lower()


def _count(levels: int) -> str:
    return {1: "one", 2: "two", 3: "three"}[levels]
