"""A candidate in Unity Catalog: a version's files are brought here, then asked as any folder is."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from brickyard_pipelines.finetuning.candidates.directory import Directory
from brickyard_pipelines.finetuning.errors import Problem, UnusableCandidate
from brickyard_pipelines.finetuning.outputs import place_folder

_DONE = "whole"


def catalog_model(name: str, model: str, cache: Path, *, batch_size: int) -> Directory:
    """The version of `catalog.schema.model/3`, or the one that `catalog.schema.model@alias` means now.

    Files are kept under `cache` by version; those that are there, whole, are not brought again.
    Errors: UnusableCandidate when there is no such version, it cannot be read, or holds no language model.
    """
    full_name, version = resolved(model)
    folder = cache / full_name / version
    if not (folder / _DONE).is_file():
        _bring(f"models:/{full_name}/{version}", folder, model)
    files = folder / "files"
    weights, tokenizer = model_folders(files)
    identity = {"kind": "model", "model": full_name, "version": version}
    return Directory(name, weights, batch_size=batch_size, tokenizer_folder=tokenizer, identity=identity)


def resolved(model: str) -> tuple[str, str]:
    """The model's name and its version's number. Errors: UnusableCandidate."""
    full_name, _, alias = model.partition("@")
    if not alias:
        full_name, _, version = model.partition("/")
        return full_name, version
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        return full_name, str(MlflowClient().get_model_version_by_alias(full_name, alias).version)
    except MlflowException as error:
        raise _refused(model, error, "a version carries the alias") from error


def model_folders(root: Path) -> tuple[Path, Path]:
    """Where a version keeps its weights and its tokenizer: as its MLmodel says, or the one folder with config.json.

    Errors: UnusableCandidate when there is none, or more than one.
    """
    flavor = _flavor(root)
    weights = root / str(flavor.get("model_binary") or "model")
    tokenizer = root / "components" / "tokenizer"
    if not (weights / "config.json").is_file():
        found = sorted(path.parent for path in root.rglob("config.json"))
        if len(found) != 1:
            got = f"{len(found)} folders with a config.json"
            rule, fix = "a version holds one language model", "Register it with mlflow.transformers."
            raise UnusableCandidate([Problem(where=str(root), got=got, rule=rule, fix=fix)])
        weights = found[0]
    return weights, tokenizer if (tokenizer / "tokenizer_config.json").is_file() else weights


def _flavor(root: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load((root / "MLmodel").read_text(encoding="utf-8"))
        found = document["flavors"]["transformers"]
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _bring(uri: str, folder: Path, model: str) -> None:
    """The files, into their place as a whole."""
    import mlflow.artifacts
    from databricks.sdk.errors.base import DatabricksError
    from mlflow.exceptions import MlflowException

    scratch = folder.with_name(f".{folder.name}.download")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        brought = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(scratch)))
        place_folder(brought, folder / "files")
        (folder / _DONE).touch()
    except (DatabricksError, MlflowException) as error:
        raise _refused(model, error, "its files can be read") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _refused(model: str, error: Exception, rule: str) -> UnusableCandidate:
    got, fix = " ".join(str(error).split())[:200], "Correct the name, or have EXECUTE on the model granted."
    return UnusableCandidate([Problem(where=f"models:/{model}", got=got, rule=rule, fix=fix)])
