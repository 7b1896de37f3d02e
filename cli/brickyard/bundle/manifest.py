"""What a plan bundle says about itself. It holds no secret, and its digest is what somebody approves."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from brickyard.errors import BundleRefused

MANIFEST = "manifest.json"
SEALED = "plans.age"
_MAX_BYTES = 5_000_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Position(_Part):
    """Where a state is: Terraform counts its writes, and gives each state a lineage. Serial 0: there is none yet."""

    serial: int
    lineage: str


class PlannedStack(_Part):
    """A stack with its saved plan. Digests are SHA-256; `sign_ins` says as whom each provider of it signs in."""

    name: str
    changes: bool
    actions: dict[str, int]
    state: Position
    plan_sha256: str
    lock_sha256: str
    sign_ins: list[str]
    destroys: list[str]  # what holds data and goes, which somebody has named


class Waiting(_Part):
    """A stack that cannot be applied yet, and because of what."""

    name: str
    because: str


class Verdict(_Part):
    """What the review of these plans said; its texts are beside this file."""

    verdict: str
    headline: str
    threshold: str
    exit_code: int


class Manifest(_Part):
    """The bundle of one environment at one commit."""

    schema_version: Literal["1"] = "1"
    environment: str
    destroy: bool
    refreshed: bool
    commit: str
    uncommitted: bool
    planned_at: str
    planned_by: str
    planned_in: str
    terraform: str
    providers: dict[str, str]
    review: Verdict
    stacks: list[PlannedStack]
    waiting: list[Waiting]
    sealed_for: str
    sealed_sha256: str

    @property
    def changing(self) -> list[PlannedStack]:
        """What an apply has to do, in its order."""
        return [stack for stack in self.stacks if stack.changes]

    def text(self) -> str:
        """As the file says it, always the same for the same bundle."""
        return json.dumps(self.model_dump(), indent=2, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest and its digest. Errors: BundleRefused."""
    file = folder / MANIFEST
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BundleRefused(
            f"{folder} is no plan bundle: {MANIFEST}: {error.strerror}. Make one: brickyard plan ENV."
        ) from error
    if len(raw) > _MAX_BYTES:
        raise BundleRefused(f"{file} has {len(raw)} bytes, and no manifest is that long. Plan again.")
    try:
        return Manifest.model_validate_json(raw), digest_of(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise BundleRefused(
            f"{file}: {place}: {first['msg']}. It was altered, or made by another version: plan again."
        ) from error


def digest_of(raw: bytes) -> str:
    """As a person compares it: `sha256:…`."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def sha256(file: Path) -> str:
    """The digest of a file's bytes, without its name."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def actions_of(shown: dict[str, Any]) -> dict[str, int]:
    """How often each action happens, by the names of `terraform show -json`."""
    found: dict[str, int] = {}
    for change in shown.get("resource_changes", ()):
        name = "/".join(change["change"]["actions"])
        if change.get("mode") == "managed" and name not in ("no-op", "read"):
            found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))
