"""The way of a statement: parameters bound, refused by name, answered by the catalog, or handed to Spark."""

from contextlib import closing

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, PermissionDenied
from brickyard_local.paths import split_path
from brickyard_local.sql.front import guards, information_schema
from brickyard_local.sql.front.api import CatalogApi
from brickyard_local.sql.front.commands import Rewritten
from brickyard_local.sql.front.executor import Executor
from brickyard_local.sql.front.outcome import ForSpark, Rows
from brickyard_local.sql.front.parameters import bound
from brickyard_local.sql.front.parser import maintained, parse
from brickyard_local.sql.front.tokens import Token, tokens
from brickyard_local.store import Document

_IN_VOLUME = 4


class Front:
    """Stateless; one call per statement."""

    def handle(self, caller: Caller, token: str, record: Document) -> Rows | ForSpark:
        """Errors: SyntaxProblem, NotEmulated, PermissionDenied, and those of the catalog."""
        text = bound(record["statement"], record["parameters"])
        found = _without_end(tokens(text))
        if not found:
            raise InvalidParameter("The statement is empty.", error_code="PARSE_EMPTY_STATEMENT")
        guards.refuse(found)
        command = parse(found)
        if isinstance(command, Rewritten):
            return ForSpark(text=command.text)
        with closing(CatalogApi(caller.workspace.host, token)) as api:
            executor = Executor(api, catalog=record["catalog"], schema=record["schema"])
            if command is not None:
                return executor.run(command)
            changed = maintained(found)
            text, files = _with_files(api, text[: found[-1].end], guards.file_tables(found))
            if changed is not None:
                api.require_modifiable(executor.full_name(changed))
            text, views = information_schema.rewritten(text, tokens(text), api, executor.current_catalog)
        return ForSpark(text=text, views=[*views, *files])


def _without_end(found: tuple[Token, ...]) -> tuple[Token, ...]:
    while found and found[-1].is_symbol(";"):
        found = found[:-1]
    return found


def _with_files(api: CatalogApi, text: str, tables: list[guards.FileTable]) -> tuple[str, list[dict[str, str]]]:
    """The text with temporary views in the place of files, and those views.

    Errors: PermissionDenied for files that are in no volume that the principal may read.
    """
    parts, done, views = [], 0, []
    for number, table in enumerate(tables):
        plain = table.path.removeprefix("dbfs:")
        names = split_path(plain) if plain.startswith("/Volumes/") else ()
        if len(names) < _IN_VOLUME:
            raise PermissionDenied(
                f"'{table.path}' is not in a volume: statements read tables by name, and files below /Volumes/…."
            )
        api.require_readable("/" + "/".join(names[:_IN_VOLUME]))
        views.append({"name": f"__files_{number}", "format": table.format, "path": plain})
        parts += [text[done : table.start], f"`__files_{number}`"]
        done = table.end
    return "".join([*parts, text[done:]]), views
