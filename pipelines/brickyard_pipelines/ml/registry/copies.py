"""A model version copied from one environment's catalog into another's, and proof that both are the same.

A copy brings the tags of its source along (mlflow does that): what they say about verdict and promotion is taken off,
what they say about training stays. The proof is the SHA-256 of every file, of source and copy, read back from both.
Source: mlflow.org/docs/latest/ml/model-registry (copy_model_version); it reaches within one metastore.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mlflow.artifacts
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.models_artifact_repo import REGISTERED_MODEL_META_FILE_NAME

from brickyard_pipelines.errors import CannotCopyModel
from brickyard_pipelines.ml.registry import attempts, promotion, versions

COPIED_FROM, COPIED_AS, DIGEST = "copied_from", "copied_as", "copied_files_sha256"
# What a target decides for itself, and words of people on another version.
_NOT_TAKEN_ALONG = (
    "validation_reason",
    "validated_by_job_run",
    "validation_undecided",
    "canary_reason",
    "previous_champion",
    "promoted_by",
    "promoted_at",
    "promoted_by_job_run",
    "promotion_approval",
    "promotion_reason",
    "rolled_back_at",
    "rolled_back_to",
    "rollback_reason",
    "restored_by",
    "restored_at",
    "restored_from",
    "restore_reason",
    promotion.COMPARED_WITH,
    promotion.VALIDATED_AS,
    promotion.CANARY,
    promotion.ROLLED_BACK_BY,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The champion of the environment before: a version that passed there and was promoted."""

    model: str
    version: str
    run_id: str
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """As it stands in tags."""
        return f"{self.model}/{self.version}"


def approved_source(client: MlflowClient, model: str) -> Source:
    """What is copied up.

    Errors: CannotCopyModel when there is no champion, it was not validated there, or it may not be read.
    """
    try:
        version = versions.champion(client, model)
        found = None if version is None else versions.find(client, model, version)
    except MlflowException as error:
        raise CannotCopyModel(
            f"{model} cannot be read: {error} Its catalog must be bound to this workspace, and this job's principal"
            " needs USE_CATALOG, USE_SCHEMA and EXECUTE there."
        ) from error
    if found is None:
        raise CannotCopyModel(
            f"No version of {model} is champion, so there is nothing to copy. Promote one there first."
        )
    tags = dict(found.tags or {})
    name = f"{model}/{found.version}"
    if tags.get("validation_status") != "PASSED" or tags.get(promotion.VALIDATED_AS) != name:
        raise CannotCopyModel(
            f"{name} is champion, and its validation is {tags.get('validation_status', 'not there')}: only what passed"
            " in its own environment is copied up."
        )
    return Source(model=model, version=str(found.version), run_id=str(found.run_id or ""), tags=tags)


def copy(client: MlflowClient, source: Source, target: str, approval_tag: str) -> str:
    """A verified copy in the model `target`; one that is there already is taken.

    Errors: CannotCopyModel when the files of the copy are not those of the source. Such a version stays FAILED.
    """
    expected = files_of(source.model, source.version)
    version = attempts.copied_once(
        client, f"models:/{source.name}", target, lambda mine: _known(client, source, target, mine)
    )
    if not _is_verified(versions.find(client, target, version).tags or {}, target, version):
        # Of one that was verified the verdicts and promotions are its own, and stay.
        versions.tag(client, target, version, {"validation_status": "PENDING", COPIED_FROM: source.name})
        versions.untag(client, target, version, *_NOT_TAKEN_ALONG, approval_tag)
    differing = differences(expected, files_of(target, version))
    if differing:
        reason = f"the copy of {source.name} differs: {differing}"
        versions.tag(client, target, version, {"validation_status": "FAILED", "validation_reason": reason})
        versions.untag(client, target, version, COPIED_AS)  # the next try makes another one
        raise CannotCopyModel(f"{target} version {version}: {reason}. It stays FAILED; copy again.")
    lineage = {
        COPIED_AS: f"{target}/{version}",
        "copied_from_run": source.run_id or "unknown",
        DIGEST: digest(expected),
    }
    versions.tag(client, target, version, lineage)
    return version


def _known(client: MlflowClient, source: Source, target: str, mine: str | None) -> str | None:
    """A copy of the source that is there, verified before or not: it is looked at again."""
    tag = {COPIED_FROM: source.name}
    for version in attempts.copies_of(client, target, f"models:/{source.name}", tag, mine=mine):
        tags = versions.find(client, target, version).tags or {}
        if tags.get("validation_status") != "FAILED" or _is_verified(tags, target, version):
            return version
    return None


def _is_verified(tags: Mapping[str, str], target: str, version: str) -> bool:
    """Whether the files of this very version were compared; a copy of a copy brings its source's word along."""
    return tags.get(COPIED_AS) == f"{target}/{version}"


def files_of(model: str, version: str) -> dict[str, str]:
    """The SHA-256 of every file of a version, as it is read back from the registry."""
    with tempfile.TemporaryDirectory(prefix="model-copy-") as folder:
        root = Path(mlflow.artifacts.download_artifacts(f"models:/{model}/{version}", dst_path=folder))
        found = {path.relative_to(root).as_posix(): _sha256(path) for path in sorted(root.rglob("*")) if path.is_file()}
    # Whose version this is: mlflow writes it while it downloads, and so its copy holds the source's. Nothing loads it.
    found.pop(REGISTERED_MODEL_META_FILE_NAME, None)
    return found


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Which files differ, are missing or were added; empty when none does. Pure.

    >>> differences({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"})
    'b differs, c was added'
    """
    told = []
    for name in sorted({*expected, *found}):
        if name not in found:
            told.append(f"{name} is missing")
        elif name not in expected:
            told.append(f"{name} was added")
        elif expected[name] != found[name]:
            told.append(f"{name} differs")
    if not expected:
        told.append("the source has no files")
    return ", ".join(told)


def digest(files: Mapping[str, str]) -> str:
    """One hash over all names and hashes. Pure.

    >>> digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    True
    """
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
