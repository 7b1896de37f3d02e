"""Securables of one type, for services outside this folder that keep more about them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.securables import MODEL
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.storage import FolderMoves, model_path
from brickyard_local.errors import NotFound
from brickyard_local.store import Document


class ModelSecurables:
    """Registered models as securables: names, owners, grants, folders. Versions are the models service's."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    @property
    def metastore_id(self) -> str:
        return self._catalog.metastore_id

    def reach(self, caller: Caller, full_name: str, need: str, *, browse: bool = False) -> Document:
        """As `CatalogService.reach`: the model's document."""
        return _model(self._catalog.reach(caller, MODEL, full_name, need, browse=browse)[-1].document)

    def read(self, caller: Caller, full_name: str, *, browse: bool = False) -> Document:
        return _model(self._catalog.read(caller, MODEL, full_name, browse=browse))

    def visible(self, caller: Caller, parent: str = "", *, browse: bool = False) -> list[Document]:
        found = self._catalog.visible(caller, MODEL, parent, browse=browse)
        return [document for document in found if not is_function(document)]

    def create(self, caller: Caller, parent: str, name: str, fields: Mapping[str, Any]) -> Document:
        return self._catalog.create(caller, MODEL, parent, name, fields)

    def update(self, caller: Caller, full_name: str, changes: Mapping[str, Any]) -> Document:
        self._check(full_name)
        return self._catalog.update(caller, MODEL, full_name, changes)

    def put(self, document: Document) -> Document:
        """Keep a changed document of a model that the caller was allowed to change."""
        return self._catalog.documents.put(MODEL, document)

    def delete(self, caller: Caller, full_name: str) -> None:
        self._check(full_name)
        self._catalog.delete(caller, MODEL, full_name)

    def change(self) -> AbstractContextManager[FolderMoves]:
        """As `Storage.change`."""
        return self._catalog.storage.change()

    def folder(self, full_name: str) -> Path:
        """The folder above those of the model's versions."""
        return self._catalog.storage.model_folder(full_name)

    def folder_path(self, full_name: str) -> str:
        """The same below the home, as `FolderMoves` takes it."""
        return model_path(full_name)

    def follow(self, kind: str) -> None:
        self._catalog.follow(kind, MODEL)

    def _check(self, full_name: str) -> None:
        document = self._catalog.documents.get(MODEL, full_name.lower())
        if document is not None:
            _model(document)


def is_function(document: Document) -> bool:
    """Unity Catalog keeps functions and registered models under one type, in one namespace."""
    return "routine_body" in document


def _model(document: Document) -> Document:
    if is_function(document):
        raise NotFound(
            f"{MODEL.noun} '{document['full_name']}' is a function, not a registered model.", error_code=MODEL.missing
        )
    return document
