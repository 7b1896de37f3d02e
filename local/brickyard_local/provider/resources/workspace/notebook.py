"""databricks_notebook.

Gaps: `provider_config` and DBC archives are refused.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from brickyard_local.provider.engine.behaviour import Behaviour, one_of
from brickyard_local.provider.errors import InvalidValue, NotEmulated
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.content import CHANGED, CONTENT_CHECKS, CONTENT_RULES
from brickyard_local.provider.resources.workspace.content_object import ContentObject
from brickyard_local.provider.wire.values import UNKNOWN, Value

_BY_SUFFIX: Mapping[str, tuple[str, str]] = {
    ".ipynb": ("", "JUPYTER"),
    ".py": ("PYTHON", "SOURCE"),
    ".r": ("R", "SOURCE"),
    ".scala": ("SCALA", "SOURCE"),
    ".sql": ("SQL", "SOURCE"),
}
"""Language and format by the suffix of `source`."""


class Notebook(ContentObject):
    """A notebook of any language, from its source or as Jupyter keeps it."""

    type_name = "databricks_notebook"
    behaviour = Behaviour(
        schema_version=1,
        force_new=frozenset({"path"}),
        defaults={"md5": CHANGED},
        checks={
            **CONTENT_CHECKS,
            "format": one_of("SOURCE", "DBC", "JUPYTER"),
            "language": one_of("SCALA", "PYTHON", "R", "SQL"),
        },
        one_of=CONTENT_RULES,
        local=frozenset({"id", "content_base64", "md5", "provider_config", "source"}),
        reported=frozenset({"md5"}),
    )

    def described(self, planned: State) -> dict[str, Value]:
        language, kind = _language_and_format(planned)
        return {"format": kind, "language": language} if language else {"format": kind}

    def read(self, session: Session, state: State) -> Found | None:
        found = super().read(session, state)
        return None if found is None else {**found, "format": _language_and_format(state)[1]}

    def customize(self, prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        source = planned.get("source")
        suffix = PurePosixPath(source).suffix.lower() if isinstance(source, str) else ""
        if planned.get("format") == "DBC" or suffix == ".dbc":
            raise NotEmulated("format", "DBC of databricks_notebook")
        if planned.get("provider_config"):
            raise NotEmulated("argument", "databricks_notebook.provider_config")
        if planned.get("content_base64") and not planned.get("language"):
            raise InvalidValue("databricks_notebook: content_base64 needs a language", "Set `language`.")
        return super().customize(prior, planned)


def _language_and_format(state: State) -> tuple[str, str]:
    """As configured, else by the suffix of the source: the API wants both."""
    language, kind = (_given(state.get(name)) for name in ("language", "format"))
    by_suffix = _BY_SUFFIX.get(PurePosixPath(_given(state.get("source"))).suffix.lower(), ("", "SOURCE"))
    if language:
        return language, kind or "SOURCE"
    return by_suffix[0], kind or by_suffix[1]


def _given(value: Value) -> str:
    return "" if value is UNKNOWN or value is None else str(value)
