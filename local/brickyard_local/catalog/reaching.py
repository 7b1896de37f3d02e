"""The way down to a securable: found, and open to the caller. What a caller may see of a type."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from brickyard_local import paging
from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import (
    Chain,
    Level,
    Sight,
    allowed,
    authorize,
    enter,
    only_browses,
)
from brickyard_local.catalog.documents import Documents
from brickyard_local.catalog.privileges import READ
from brickyard_local.catalog.securables import (
    CATALOG,
    INFORMATION_SCHEMA,
    METASTORE,
    SCHEMA,
    SecurableType,
    securable_type,
    split_name,
)
from brickyard_local.errors import NotEmulated, NotFound, PermissionDenied
from brickyard_local.store import Document, Store

PATH = (CATALOG, SCHEMA)
# Of containers by full name; None for one that the caller may not enter.
Sights: TypeAlias = dict[str, Sight | None]


_BATCH = 200
_SERVER_PAGE = 100
_ALL = 10_000
# A page of few results among many that the caller may not see ends here.
_MOST_SCANNED = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The page of a list that a client asks for: without `max_results` all, with 0 as many as the server likes."""

    max_results: int | None = None
    page_token: str | None = None

    @property
    def size(self) -> int:
        """Errors: InvalidParameter."""
        if self.max_results is None:
            return _ALL
        return min(paging.checked_size(self.max_results) or _SERVER_PAGE, _ALL)

    @property
    def most(self) -> int | None:
        """How many documents may be looked at for it; None is all."""
        return None if self.max_results is None else max(_MOST_SCANNED, self.size)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Documents of a page, and the token of the next."""

    documents: list[Document]
    next_page_token: str | None


class Reaching:
    """Securables as callers reach them."""

    def __init__(self, store: Store) -> None:
        self.documents = Documents(store)

    def require(self, caller: Caller, securable_type_name: str, full_name: str, privilege: str) -> None:
        """Let the caller pass who holds `privilege` on the securable. Errors: NotFound, PermissionDenied."""
        self.reach(caller, securable_type(securable_type_name), full_name, privilege)

    def reach(
        self, caller: Caller, kind: SecurableType, full_name: str, need: str = READ, *, browse: bool = False
    ) -> Chain:
        """The chain down to a securable that the caller may use for `need`. Errors: NotFound, PermissionDenied."""
        chain = self.chain(kind, full_name, caller=caller, browse=browse)
        authorize(caller, chain, need, browse=browse)
        return chain

    def chain(
        self, kind: SecurableType, full_name: str, *, caller: Caller | None = None, browse: bool = False
    ) -> Chain:
        """The chain down to a securable; for a caller, each container must be open. Errors as `reach`."""
        if kind is METASTORE:
            return (self.metastore(full_name),)
        parts = split_name(kind, full_name)
        chain: Chain = ()
        for depth, level in enumerate((*PATH[: kind.levels - 1], kind), start=1):
            chain += (self._level(level, ".".join(parts[:depth]), passing=level is not kind),)
            if caller is not None and level is not kind:
                enter(caller, chain, browse=browse)
        return chain

    def metastore(self, metastore_id: str) -> Level:
        """Errors: NotFound for any but the account's."""
        return self._level(METASTORE, metastore_id)

    def read(self, caller: Caller, kind: SecurableType, full_name: str, *, browse: bool = False) -> Document:
        """A securable's document; `browse_only` when nothing but BROWSE shows it."""
        chain = self.reach(caller, kind, full_name, READ, browse=browse)
        return self._seen(caller, chain)

    def visible(self, caller: Caller, kind: SecurableType, parent: str = "", *, browse: bool = False) -> list[Document]:
        """Documents of a type that the caller may see below one parent, or everywhere; by name."""
        sights: Sights = {}
        if parent:
            parent = ".".join(split_name(PATH[kind.levels - 2], parent))
            above = self.reach(caller, PATH[kind.levels - 2], parent, READ, browse=browse)
            sights[parent] = Sight.below(caller, above, kind, browse=browse)
        shown = (self._shown(caller, sights, kind, each, browse) for each in self.documents.children(kind, parent))
        return [document for document in shown if document is not None]

    def visible_page(
        self,
        caller: Caller,
        kind: SecurableType,
        parent: str,
        page: Page,
        *,
        browse: bool,
        wanted: Callable[[str], bool] | None = None,
    ) -> Found:
        """One page of what `visible` would give below a catalog or schema, without reading the rest.

        As on Databricks, a page may hold less than was asked for, and yet be followed by another.
        """
        above = PATH[parent.count(".")]
        parent = ".".join(split_name(above, parent))
        chain = self.reach(caller, above, parent, READ, browse=browse)
        sights: Sights = {}
        if above is PATH[kind.levels - 2]:
            sights[parent] = Sight.below(caller, chain, kind, browse=browse)
        size, after = page.size, paging.decoded(page.page_token) if page.page_token else ""
        found: list[Document] = []
        scanned = 0
        for batch in self._batches(kind, parent, after, size, wanted):
            for document in batch:
                if len(found) == size or scanned == page.most:
                    return Found(documents=found, next_page_token=paging.encoded(after))
                after, scanned = document["full_name"], scanned + 1
                shown = self._shown(caller, sights, kind, document, browse)
                found += [] if shown is None else [shown]
        return Found(documents=found, next_page_token=None)

    def _batches(
        self, kind: SecurableType, parent: str, after: str, size: int, wanted: Callable[[str], bool] | None
    ) -> Iterator[list[Document]]:
        """Documents in order: with a filter, only those are read whose names it wants."""
        limit = min(_BATCH, size + 1)
        if wanted is not None:
            names = [name for name in self.documents.names(kind, parent, after) if wanted(name)]
            for name in names:
                document = self.documents.get(kind, name)
                yield [] if document is None else [document]
            return
        while batch := self.documents.page(kind, parent, after, limit):
            yield batch
            after = batch[-1]["full_name"]

    def _shown(
        self, caller: Caller, sights: Sights, kind: SecurableType, document: Document, browse: bool
    ) -> Document | None:
        """The document as the caller sees it, or None. `sights` remembers what was asked of containers."""
        above = document["full_name"].rpartition(".")[0]
        if not above:
            chain = (Level(kind=kind, document=document),)
            return self._seen(caller, chain) if allowed(caller, chain, READ, browse=browse) else None
        if above not in sights:
            start = self._open(caller, above, browse=browse)
            sights[above] = None if start is None else Sight.below(caller, start, kind, browse=browse)
        sight = sights[above]
        if sight is None or not sight.sees(document):
            return None
        return {**document, "browse_only": True} if sight.browses(document) else document

    def beside(self, caller: Caller, kind: SecurableType, *, browse: bool = False, unbound: bool) -> list[Document]:
        """Catalogs, credentials or locations that the caller may see; `unbound` adds, for admins, all others."""
        if unbound and caller.is_admin:
            return self.documents.children(kind)
        return self.visible(caller, kind, browse=browse)

    def catalog_names(self, caller: Caller) -> list[str]:
        """Catalogs that the caller may use in this workspace."""
        return [document["full_name"] for document in self.visible(caller, CATALOG)]

    def _level(self, kind: SecurableType, full_name: str, *, passing: bool = False) -> Level:
        document = self.documents.container(kind, full_name) if passing else self.documents.get(kind, full_name)
        if document is not None:
            return Level(kind=kind, document=document)
        if kind is SCHEMA and full_name.endswith(f".{INFORMATION_SCHEMA}"):
            raise NotEmulated("information_schema")
        raise NotFound(f"{kind.noun} '{full_name}' does not exist.", error_code=kind.missing)

    def _open(self, caller: Caller, full_name: str, *, browse: bool) -> Chain | None:
        """The chain of a container that the caller may enter, or None."""
        kind = PATH[full_name.count(".")]
        try:
            chain = self.chain(kind, full_name, caller=caller, browse=browse)
            enter(caller, chain, browse=browse)
        except (PermissionDenied, NotFound):  # dropped since the documents below were read
            return None
        return chain

    def _seen(self, caller: Caller, chain: Chain) -> Document:
        document = chain[-1].document
        return {**document, "browse_only": True} if only_browses(caller, chain) else document
