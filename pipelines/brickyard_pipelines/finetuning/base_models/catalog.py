"""A version in Unity Catalog as a base model's folder: its files one by one, then weights and tokenizer together."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from brickyard_pipelines.finetuning.candidates.catalog_model import model_folders, resolved
from brickyard_pipelines.finetuning.errors import CannotBring, Problem, UnusableCandidate
from brickyard_pipelines.finetuning.outputs import place, place_files

_FILES = ".version"


def bring_version(model: str, partial: Path) -> dict[str, str]:
    """The version of `catalog.schema.model/3`, or the one that `@alias` means; files that are here are not asked again.

    *Shapes*: the hashes of the folder's files, by name.
    Errors: CannotBring when there is no such version, it cannot be read, or holds no language model.
    """
    from databricks.sdk.errors.base import DatabricksError
    from mlflow.exceptions import MlflowException

    try:
        name, version = resolved(model)
        files = partial / _FILES / version
        for path, size in _listed(f"models:/{name}/{version}", None):
            there = files / path
            if not there.is_file() or there.stat().st_size != size:
                there.parent.mkdir(parents=True, exist_ok=True)
                _one(f"models:/{name}/{version}/{path}", there)
        weights, tokenizer = model_folders(files)
    except (DatabricksError, MlflowException, UnusableCandidate) as error:
        got, fix = " ".join(str(error).split())[:200], "Correct the name, or have EXECUTE on the model granted."
        rule = "a version that can be read holds a language model"
        raise CannotBring([Problem(where=f"models:/{model}", got=got, rule=rule, fix=fix)]) from error
    hashes = {**place_files(tokenizer, partial), **place_files(weights, partial)}
    shutil.rmtree(partial / _FILES)
    return hashes


def _listed(uri: str, path: str | None) -> Iterator[tuple[str, int]]:
    import mlflow.artifacts

    where = uri if path is None else f"{uri}/{path}"
    for each in mlflow.artifacts.list_artifacts(artifact_uri=where):
        inner = each.path if path is None or each.path.startswith(f"{path}/") else f"{path}/{each.path}"
        if each.is_dir:
            yield from _listed(uri, inner)
        else:
            yield inner, int(each.file_size or 0)


def _one(uri: str, target: Path) -> None:
    import mlflow.artifacts

    with tempfile.TemporaryDirectory(prefix="finetuning-bring-") as scratch:
        place(Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=scratch)), target)
