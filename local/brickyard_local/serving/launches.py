"""What a served entity's process is started with: the version's files, and its environment with the secrets in it.

Both are the creator's to use: asked when the endpoint is configured, and again whenever a process starts. As on
Databricks the recorded creator is asked, never the caller: whoever holds CAN_MANAGE can have a model of the creator's
read what the creator may read, its secrets too. So give CAN_MANAGE to nobody who may not have those.
Source: docs.databricks.com/aws/en/machine-learning/model-serving/store-env-variable-model-serving ("the endpoint
creator must have READ access"), …/create-manage-serving-endpoints (creator identity; updates re-evaluate its grants)
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter
from brickyard_local.serving.mlmodel import Facts, read
from brickyard_local.serving.needs import CallerOf, Catalog, Libraries, Models, Secrets
from brickyard_local.serving.passthrough import Passthrough
from brickyard_local.serving.served import Identity, Launch
from brickyard_local.store import Document

_SECRET = re.compile(r"^\{\{secrets/([^/{}]+)/([^/{}]+)\}\}$")


class Launches:
    """Finds files and secrets for a creator."""

    def __init__(
        self,
        catalog: Catalog,
        models: Models,
        secrets: Secrets,
        caller_of: CallerOf,
        libraries: Libraries,
        passthrough: Passthrough,
    ) -> None:
        self._catalog = catalog
        self._models = models
        self._secrets = secrets
        self._caller_of = caller_of
        self._libraries = libraries
        self._passthrough = passthrough

    def creator(self, endpoint: Document) -> Caller:
        """The principal in whose name the endpoint reads models and secrets."""
        return self._caller_of(endpoint["workspace_id"], endpoint["creator"])

    def preparing(self, endpoint: Document) -> Callable[[Identity], Launch]:
        """What `launch` answers at the time when a process of the endpoint starts."""
        return lambda identity: self.launch(self.creator(endpoint), identity)

    def check(self, creator: Caller, entity: Document) -> None:
        """Errors: of Unity Catalog, of secrets and of resources, when the creator may not use what the entity names."""
        self._catalog.require(creator, "function", entity["entity_name"], "EXECUTE")
        self._passthrough.check(creator, self.facts(creator, entity).lakebase)
        self._environment(creator, entity.get("environment_vars") or {})

    def facts(self, creator: Caller, entity: Document) -> Facts:
        """What the version's MLmodel says. Errors: of Unity Catalog."""
        return read(self._folder(creator, entity["entity_name"], entity["entity_version"]))

    def launch(self, creator: Caller, identity: Identity) -> Launch:
        """What its requirements lack here is installed first. Errors: as `check`, and what cannot be installed."""
        environment, hidden = self._environment(creator, dict(identity.environment_vars))
        folder = self._folder(creator, identity.entity_name, identity.entity_version)
        needed = self._libraries.needed_by(folder)
        token = self._passthrough.token(creator, read(folder).lakebase)
        return Launch(
            folder=folder,
            environment={**self._passthrough.environment(creator, token), **environment},
            hidden=hidden if token is None else (*hidden, token),
            packages=needed,
            ended=partial(self._passthrough.end, token),
        )

    def _folder(self, creator: Caller, full_name: str, version: str) -> Path:
        found = self._models.resolve(creator, full_name, version)
        if found.status != "READY":
            raise InvalidParameter(f"Version {version} of '{full_name}' is {found.status}; only READY ones are served.")
        return found.folder

    def _environment(self, creator: Caller, given: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
        resolved = {name: str(value) for name, value in given.items()}
        hidden = []
        for name, value in resolved.items():
            if "{{secrets/" not in value:
                continue
            found = _SECRET.match(value)
            if found is None:
                raise InvalidParameter(
                    f"Environment variable '{name}' is '{value}': a secret is named {{{{secrets/<scope>/<key>}}}}, "
                    "and nothing else stands beside it."
                )
            resolved[name] = self._secrets.value(creator, found.group(1), found.group(2)).decode()
            hidden.append(resolved[name])
        return resolved, tuple(hidden)
