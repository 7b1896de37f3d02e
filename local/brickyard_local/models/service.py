"""Rules of registered models: who may register, tag, alias, read and delete.

Source: docs.databricks.com/api/workspace/registeredmodels, …/modelversions (who may call);
docs.databricks.com/machine-learning/manage-model-lifecycle (aliases need ownership, versions CREATE MODEL VERSION).
Gaps: prompts: 501.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, InvalidState, NotEmulated, NotFound
from brickyard_local.models.deployments import Deployments
from brickyard_local.models.ports import (
    APPLY_TAG,
    CREATE_VERSION,
    EXECUTE,
    MANAGE,
    OWN,
    DeploymentJobs,
    Securables,
)
from brickyard_local.models.versions import KIND, Versions
from brickyard_local.store import Document, Store

_ALIAS = re.compile(r"^[\w-]{1,255}$")
_LIKE_A_VERSION = re.compile(r"^(v?\d+|latest)$", re.IGNORECASE)
_READY = "READY"
_MOST_LINEAGE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelVersion:
    """A version of a registered model, and where its files are on this machine."""

    full_name: str
    version: int
    status: str
    folder: Path
    source: str | None
    run_id: str | None
    tags: Mapping[str, str]
    aliases: tuple[str, ...]
    created_by: str


class ModelsService:
    """Registered models and their versions."""

    def __init__(self, store: Store, securables: Securables) -> None:
        self._securables = securables
        self._store = store
        self._versions = Versions(store)
        self.deployments: Deployments | None = None
        securables.follow(KIND)

    # Models

    def create(self, caller: Caller, parent: str, name: str, comment: str | None, tags: Mapping[str, str]) -> Document:
        """Errors: RESOURCE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
        fields: Document = {"aliases": {}, "tags": dict(tags), "next_version": 1}
        if comment is not None:
            fields["comment"] = comment
        return self._securables.create(caller, parent, name, fields)

    def model(self, caller: Caller, full_name: str, *, browse: bool = False) -> Document:
        """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
        return self._securables.read(caller, full_name, browse=browse)

    def models(self, caller: Caller, parent: str = "", *, browse: bool = False) -> list[Document]:
        """Models of a schema, or of the metastore, that the caller may see."""
        return self._securables.visible(caller, parent, browse=browse)

    def update(self, caller: Caller, full_name: str, changes: Mapping[str, Any]) -> Document:
        """Change `owner`, `comment` or `new_name`. Errors: as `model`."""
        return self._securables.update(caller, full_name, changes)

    def delete(self, caller: Caller, full_name: str) -> None:
        """With all versions and their files. Errors: as `model`."""
        self._securables.delete(caller, full_name)

    def tag(self, caller: Caller, full_name: str, key: str, value: str | None) -> None:
        """Set a tag of the model, or remove it with None."""
        with self._securables.change():
            model = self._securables.reach(caller, full_name, APPLY_TAG)
            self._securables.put({**model, "tags": _tagged(model["tags"], key, value)})

    # Aliases

    def set_alias(self, caller: Caller, full_name: str, alias: str, version: int) -> Document:
        """Only the model's owner (or a metastore admin) may. Errors: InvalidParameter, NotFound."""
        if not _ALIAS.match(alias) or _LIKE_A_VERSION.match(alias):
            raise InvalidParameter(
                f"'{alias}' is not a valid alias: letters, digits, underscores and hyphens; neither 'latest' nor "
                "like a version ('1', 'v1')."
            )
        with self._securables.change():
            model = self._securables.reach(caller, full_name, OWN)
            found = self._versions.get(model["full_name"], version)
            aliases = {**model["aliases"], alias: found["version"]}
            return self._securables.put({**model, "aliases": aliases})

    def delete_alias(self, caller: Caller, full_name: str, alias: str) -> None:
        """Only the model's owner (or a metastore admin) may. Errors: NotFound."""
        with self._securables.change():
            model = self._securables.reach(caller, full_name, OWN)
            if alias not in model["aliases"]:
                raise _no_alias(model["full_name"], alias)
            aliases = {name: version for name, version in model["aliases"].items() if name != alias}
            self._securables.put({**model, "aliases": aliases})

    # Versions

    def create_version(self, caller: Caller, full_name: str, fields: Mapping[str, Any]) -> Document:
        """A version that waits for its files. Errors: as `model`."""
        with self._securables.change():
            model = self._securables.reach(caller, full_name, CREATE_VERSION)
            document = self._versions.new(model, caller.principal, fields)
            self._securables.put({**model, "next_version": document["version"] + 1})
            self._folder(document).mkdir(parents=True, exist_ok=True)
        return document

    def finalize(self, caller: Caller, full_name: str, version: int) -> Document:
        """The files are there: the version is READY and its files stay as they are. Errors: InvalidState."""
        with self._securables.change():
            model = self._securables.reach(caller, full_name, CREATE_VERSION)
            document = self._versions.get(model["full_name"], version)
            folder = self._folder(document)
            if not folder.is_dir() or not any(folder.iterdir()):
                raise InvalidState(
                    f"Model Version {full_name}/{version} has no files. Upload them to "
                    f"/Models/{full_name.replace('.', '/')}/{version} before finalizing it."
                )
            ready = self._versions.put({**document, "status": _READY, "updated_at": now_ms()})
            if self.deployments is not None and document["status"] != _READY:
                self.deployments.version_ready(model, ready)
        if self.deployments is not None:
            self.deployments.start_pending()
        return ready

    def connect(self, caller: Caller, full_name: str, job_id: str) -> Document:
        """Set the deployment job of a model. Errors: as `Deployments.connect`."""
        if self.deployments is None:
            raise NotEmulated("deployment jobs of registered models")
        return self.deployments.connect(caller, full_name, job_id)

    def start_deployments(self) -> None:
        """Take up what an earlier process had to start: called when requests are answered."""
        if self.deployments is not None:
            self.deployments.start_pending()

    def deploy_with(self, jobs: DeploymentJobs) -> None:
        """New versions start the job that their model is connected with."""
        self.deployments = Deployments(self._store, self._securables, self._versions, jobs)

    def version(self, caller: Caller, full_name: str, version: int) -> Document:
        """A version with the names of its `aliases`. Errors: NotFound, PERMISSION_DENIED."""
        model = self._securables.read(caller, full_name)
        return _with_aliases(model, self._versions.get(model["full_name"], version))

    def version_by_alias(self, caller: Caller, full_name: str, alias: str) -> Document:
        """Errors: as `version`, and NotFound for the alias."""
        model = self._securables.read(caller, full_name)
        if alias not in model["aliases"]:
            raise _no_alias(model["full_name"], alias)
        return _with_aliases(model, self._versions.get(model["full_name"], model["aliases"][alias]))

    def versions(self, caller: Caller, full_name: str, *, browse: bool = False) -> list[Document]:
        """Versions of a model, oldest first. Errors: as `model`."""
        return self._versions.of(self._securables.read(caller, full_name, browse=browse)["full_name"])

    def versions_of_run(self, caller: Caller, run_id: str) -> list[Document]:
        """Versions that were registered from an mlflow run, as far as the caller may see their models."""
        return [
            version
            for model in self._securables.visible(caller)
            for version in self._versions.of(model["full_name"])
            if version.get("run_id") == run_id
        ]

    def update_version(self, caller: Caller, full_name: str, version: int, comment: str | None) -> Document:
        """Change the comment; None leaves it as it is. Errors: as `version`."""
        with self._securables.change():
            document = self._version(caller, full_name, version, MANAGE)
            stamp = {"updated_at": now_ms(), "updated_by": caller.principal}
            changed = {} if comment is None else {"comment": comment}
            return self._versions.put({**document, **stamp, **changed})

    def delete_version(self, caller: Caller, full_name: str, version: int) -> None:
        """With its aliases and files. Errors: as `version`."""
        with self._securables.change() as moves:
            model = self._securables.reach(caller, full_name, MANAGE)
            document = self._versions.get(model["full_name"], version)
            kept = {name: number for name, number in model["aliases"].items() if number != document["version"]}
            self._securables.put({**model, "aliases": kept})
            self._versions.remove(model["full_name"], version)
            moves.discard(f"{self._securables.folder_path(model['full_name'])}/{version}")

    def tag_version(self, caller: Caller, full_name: str, version: int, key: str, value: str | None) -> None:
        """Set a tag of a version, or remove it with None."""
        with self._securables.change():
            document = self._version(caller, full_name, version, APPLY_TAG)
            self._versions.put({**document, "tags": _tagged(document["tags"], key, value)})

    def keep_lineage(self, caller: Caller, full_name: str, version: int, lineage: Document) -> None:
        """Keep what a client says about where a version was used. Errors: as `version`."""
        with self._securables.change():
            document = self._version(caller, full_name, version, EXECUTE)
            kept = [*document.get("lineage", []), {**lineage, "principal": caller.principal, "at": now_ms()}]
            self._versions.put({**document, "lineage": kept[-_MOST_LINEAGE:]})

    # For other services

    def version_folder(self, caller: Caller, full_name: str, version: int, *, write: bool) -> Path:
        """The folder of a version's files. Errors: as `version`, InvalidState to write to a finished version."""
        document = self._version(caller, full_name, version, CREATE_VERSION if write else EXECUTE)
        if write and document["status"] != "PENDING_REGISTRATION":
            raise InvalidState(
                f"Model Version {full_name}/{version} is {document['status']}: its files cannot change. "
                "Register a new version."
            )
        return self._folder(document)

    def resolve(self, caller: Caller, full_name: str, version_or_alias: str) -> ModelVersion:
        """The version that `3`, `champion` or `@champion` means. Errors: NotFound, PERMISSION_DENIED."""
        model = self._securables.reach(caller, full_name, EXECUTE)
        wanted = version_or_alias.removeprefix("@")
        if not wanted.isdecimal() and wanted not in model["aliases"]:
            raise _no_alias(model["full_name"], wanted)
        number = int(wanted) if wanted.isdecimal() else model["aliases"][wanted]
        document = _with_aliases(model, self._versions.get(model["full_name"], number))
        return ModelVersion(
            full_name=model["full_name"],
            version=document["version"],
            status=document["status"],
            folder=self._folder(document),
            source=document.get("source"),
            run_id=document.get("run_id"),
            tags=document["tags"],
            aliases=tuple(document["aliases"]),
            created_by=document["created_by"],
        )

    def location(self, full_name: str, version: int | None = None) -> str:
        """The URI that clients see. Not of this machine's folders: mlflow removes a `file:` source after use."""
        last = "" if version is None else f"/{version}"
        return f"dbfs:/Models/{full_name.replace('.', '/')}{last}"

    def _version(self, caller: Caller, full_name: str, version: int, need: str) -> Document:
        model = self._securables.reach(caller, full_name, need)
        return self._versions.get(model["full_name"], version)

    def _folder(self, document: Document) -> Path:
        return self._securables.folder(document["full_name"]) / str(document["version"])


def _tagged(tags: Mapping[str, str], key: str, value: str | None) -> dict[str, str]:
    rest = {name: kept for name, kept in tags.items() if name != key}
    return rest if value is None else {**rest, key: value}


def _with_aliases(model: Document, version: Document) -> Document:
    named = sorted(alias for alias, number in model["aliases"].items() if number == version["version"])
    return {**version, "aliases": named}


def _no_alias(full_name: str, alias: str) -> NotFound:
    return NotFound(f"Registered Model alias '{alias}' does not exist on '{full_name}'.")
