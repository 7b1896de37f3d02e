"""External locations: who may use which part of cloud storage, which is a folder of the home.

Source: docs.databricks.com/api/workspace/externallocations, …/connect/unity-catalog/cloud-storage/external-locations.
Gaps: file events, encryption details: 501.
"""

from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import Chain, Level, authorize
from brickyard_local.catalog.privileges import MANAGE
from brickyard_local.catalog.refusals import no_location, overlap, read_only
from brickyard_local.catalog.securables import (
    CATALOG,
    EXTERNAL_LOCATION,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
    SecurableType,
)
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.storage_payloads import CreateExternalLocation, LocationFields, UpdateExternalLocation
from brickyard_local.catalog.urls import StorageUrl, storage_url
from brickyard_local.errors import InvalidState, NotEmulated
from brickyard_local.store import Document

_KEPT = ("comment", "read_only", "fallback", "enable_file_events")


class LocationsService:
    """External locations of the account's metastore."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def create(self, caller: Caller, body: CreateExternalLocation) -> Document:
        """Errors: EXTERNAL_LOCATION_ALREADY_EXISTS, InvalidParameter for overlaps, PERMISSION_DENIED."""
        _refuse_file_events(body)
        url = storage_url(body.url)
        with self._catalog.storage.change():
            self._refuse_overlap(url, "CreateExternalLocation")
            fields = {
                "url": body.url,
                "isolation_mode": "ISOLATION_MODE_OPEN",
                "bindings": {},
                "read_only": False,
                "fallback": False,
                **self._credential(caller, body.credential_name),
                **_kept(body),
            }
            return self._catalog.create(caller, EXTERNAL_LOCATION, "", body.name, fields)

    def update(self, caller: Caller, name: str, body: UpdateExternalLocation) -> Document:
        """Errors: as `create`, and InvalidState when another `url` would cut off what lies there."""
        _refuse_file_events(body)
        changes = _kept(body)
        for field in ("owner", "new_name", "isolation_mode"):
            if getattr(body, field) is not None:
                changes[field] = getattr(body, field)
        with self._catalog.storage.change():
            location = self._catalog.reach(caller, EXTERNAL_LOCATION, name, MANAGE)[-1].document
            changes |= self._catalog.isolating(caller, location, changes)
            if body.credential_name and body.credential_name.lower() != location["credential_name"]:
                changes |= self._credential(caller, body.credential_name)
            if body.url is not None and storage_url(body.url) != storage_url(location["url"]):
                url = storage_url(body.url)
                self._refuse_overlap(url, "UpdateExternalLocation", but=location["full_name"])
                self._refuse_used(location, force=body.force)
                changes["url"] = body.url
            return self._catalog.update(caller, EXTERNAL_LOCATION, name, changes)

    def delete(self, caller: Caller, name: str, *, force: bool) -> None:
        """The files stay. Errors: InvalidState while tables, volumes or managed storage lie in it, unless forced."""
        with self._catalog.storage.change():
            location = self._catalog.reach(caller, EXTERNAL_LOCATION, name, MANAGE)[-1].document
            self._refuse_used(location, force=force)
            self._catalog.delete(caller, EXTERNAL_LOCATION, name)

    # For tables, volumes and managed storage

    def of(self, url: StorageUrl) -> Chain:
        """The location that holds a URL. Errors: NotFound when none does."""
        for document in self._catalog.documents.children(EXTERNAL_LOCATION):
            if storage_url(document["url"]).holds(url):
                return (Level(kind=EXTERNAL_LOCATION, document=document),)
        raise no_location(str(url))

    def use(self, caller: Caller, url: StorageUrl, privilege: str, *, write: bool) -> None:
        """Let the caller pass who may use the URL so. Errors: NotFound, PermissionDenied."""
        chain = self.of(url)
        authorize(caller, chain, privilege)
        if write:
            self.refuse_read_only(chain)

    def refuse_read_only(self, chain: Chain) -> None:
        """Errors: PermissionDenied when the location, or its credential, is for reading only."""
        location = chain[-1].document
        credential = self._catalog.documents.get(STORAGE_CREDENTIAL, location["credential_name"])
        if location["read_only"] or (credential is not None and credential.get("read_only")):
            raise read_only(location["full_name"])

    def occupant(self, url: StorageUrl) -> tuple[SecurableType, Document] | None:
        """The external table or volume that holds a URL."""
        held = (each for each in self._occupants() if storage_url(each[1]["storage_location"]).holds(url))
        return next(held, None)

    def claim(self, caller: Caller, text: str, privilege: str, call: str) -> StorageUrl:
        """A URL for a new table or volume. Errors: NotFound, PermissionDenied, InvalidParameter for overlaps."""
        url = storage_url(text)
        self.use(caller, url, privilege, write=False)
        taken = [
            f"{kind.noun} {document['full_name']}"
            for kind, document in self._occupants()
            if storage_url(document["storage_location"]).overlaps(url)
        ]
        taken += [name for name, root in self._roots() if root.overlaps(url)]
        if taken:
            raise overlap(str(url), call, taken)
        return url

    def claim_root(self, caller: Caller, text: str, call: str) -> StorageUrl:
        """A URL for managed storage; roots may share it. Errors: as `claim`."""
        url = storage_url(text)
        self.use(caller, url, "CREATE_MANAGED_STORAGE", write=True)
        taken = [
            f"{kind.noun} {document['full_name']}"
            for kind, document in self._occupants()
            if storage_url(document["storage_location"]).overlaps(url)
        ]
        if taken:
            raise overlap(str(url), call, taken)
        return url

    # Details

    def _occupants(self) -> list[tuple[SecurableType, Document]]:
        return [
            (kind, document)
            for kind, field in ((TABLE, "table_type"), (VOLUME, "volume_type"))
            for document in self._catalog.documents.children(kind)
            if document[field] == "EXTERNAL"
        ]

    def _roots(self) -> list[tuple[str, StorageUrl]]:
        return [
            (f"managed storage of {kind.noun} {document['full_name']}", storage_url(document["storage_location"]))
            for kind in (CATALOG, SCHEMA)
            for document in self._catalog.documents.children(kind)
            if document.get("storage_location")
        ]

    def _refuse_overlap(self, url: StorageUrl, call: str, but: str = "") -> None:
        taken = [
            f"External Location {document['full_name']}"
            for document in self._catalog.documents.children(EXTERNAL_LOCATION)
            if document["full_name"] != but and storage_url(document["url"]).overlaps(url)
        ]
        if taken:
            raise overlap(str(url), call, taken)

    def _refuse_used(self, location: Document, *, force: bool) -> None:
        url = storage_url(location["url"])
        using = [
            document["full_name"]
            for _, document in self._occupants()
            if url.holds(storage_url(document["storage_location"]))
        ]
        using += [name for name, root in self._roots() if url.holds(root)]
        if using and not force:
            raise InvalidState(
                f"External Location '{location['full_name']}' holds {', '.join(using[:10])}. Drop them first, or use "
                "force: they can then not be reached."
            )

    def _credential(self, caller: Caller, name: str) -> Document:
        chain = self._catalog.reach(caller, STORAGE_CREDENTIAL, name, EXTERNAL_LOCATION.create)
        return {"credential_name": chain[-1].document["full_name"], "credential_id": chain[-1].document["id"]}


def _kept(body: LocationFields) -> Document:
    return {field: getattr(body, field) for field in _KEPT if getattr(body, field) is not None}


def _refuse_file_events(body: LocationFields) -> None:
    for field in (
        "enable_file_events",
        "file_event_queue",
        "encryption_details",
        "effective_enable_file_events",
        "effective_file_event_queue",
    ):
        if getattr(body, field):
            raise NotEmulated(f"`{field}` of an external location (leave it out)")
