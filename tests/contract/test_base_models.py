"""A base model from Unity Catalog, by the unmodified mlflow client: brought file by file, and only once."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_pipelines.finetuning.base_models import catalog
from brickyard_pipelines.finetuning.base_models.bring import bring
from brickyard_pipelines.finetuning.errors import CannotBring
from brickyard_pipelines.finetuning.plan.base_models import WeightsSource
from brickyard_pipelines.finetuning.plan.document import BaseModel

FILES = {"config.json": "{}", "tokenizer.json": "t", "model.safetensors": "weights"}


@pytest.fixture
def registered(local_workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Version 1 of a model whose files are those of a base model, with the alias `released`."""
    for name, value in local_workspace.environment().items():
        monkeypatch.setenv(name, value)
    client, folder = local_workspace.client(), tmp_path / "given"
    client.catalogs.create(made := f"base_{secrets.token_hex(4)}")
    client.schemas.create("models", made)
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    signature = ModelSignature(inputs=Schema([ColSpec("string")]), outputs=Schema([ColSpec("string")]))
    mlflow.set_tracking_uri("databricks")
    mlflow.set_registry_uri("databricks-uc")
    mlflow.set_experiment("/Shared/base-models")
    full_name = f"{made}.models.llama"
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="m",
            loader_module="tiny_loader",
            data_path=str(folder),
            signature=signature,
            pip_requirements=[],
            registered_model_name=full_name,
        )
    mlflow.MlflowClient().set_registered_model_alias(full_name, "released", "1")
    return full_name


def test_a_version_is_brought_file_by_file_and_found_whole_later(
    registered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, asked = catalog._one, list[str]()

    def fails_once(uri: str, target: Path) -> None:
        asked.append(uri)
        if len(asked) == 3:
            raise MlflowException("the connection was cut")
        one(uri, target)

    monkeypatch.setattr(catalog, "_one", fails_once)
    source = WeightsSource(model=f"{registered}@released")
    model = BaseModel(name="llama", path="models/llama", licence="mit", source=source)
    with pytest.raises(CannotBring, match="the connection was cut"):
        bring(model, root=tmp_path, hosts=[])
    found = bring(model, root=tmp_path, hosts=[])
    assert sorted(found["files"]) == sorted(FILES)
    assert {name: (tmp_path / "models" / "llama" / name).read_text() for name in FILES} == FILES
    assert len(asked) == len(set(asked)) + 1, "only what was cut is asked again"
    assert bring(model, root=tmp_path, hosts=[]) == {**found, "found": True}


def test_who_may_not_use_the_model_is_told_so(
    registered: str, new_robot: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", new_robot().token)
    source = WeightsSource(model=f"{registered}/1")
    model = BaseModel(name="llama", path="models/llama", licence="mit", source=source)
    with pytest.raises(CannotBring, match="have EXECUTE on the model granted"):
        bring(model, root=tmp_path, hosts=[])
