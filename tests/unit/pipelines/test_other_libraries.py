"""XGBoost, PyTorch and SHAP, which the kit does not bring: where they are installed, the same promises hold."""

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.evaluation import serving_check
from brickyard_pipelines.ml.registry import models
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.training import importance, libraries, records
from brickyard_pipelines.ml.training.packing import Trained

NAME = "libraries_project"
SETTINGS = StepSettings(project=NAME, catalog="dev", model="libraries")


def rows() -> tuple[pd.DataFrame, "pd.Series[int]"]:
    random = np.random.default_rng(0)
    features = pd.DataFrame({"useful": random.normal(size=300), "noise": random.normal(size=300)})
    return features, (features["useful"] + 0.3 * random.normal(size=300) > 0).astype("int64")


def xgboost_classifier(features: pd.DataFrame, labels: Any) -> tuple[Any, Any]:
    model = pytest.importorskip("xgboost").XGBClassifier(n_estimators=5).fit(features, labels)
    return model, model.predict_proba(features)[:, 1]


def xgboost_booster(features: pd.DataFrame, labels: Any) -> tuple[Any, Any]:
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(features, labels), 5)
    return model, model.predict(xgboost.DMatrix(features))


def torch_module(features: pd.DataFrame, labels: Any) -> tuple[Any, Any]:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1), torch.nn.Sigmoid())
    known = torch.tensor(features.to_numpy(dtype="float32"))
    wanted = torch.tensor(labels.to_numpy(dtype="float32"))[:, None]
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(20):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy(model(known), wanted).backward()
        optimiser.step()
    return model, model(known).detach().numpy().reshape(-1)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    package = ModuleType(NAME)
    package.COLUMNS = [Feature(name=name, type="double", comment="") for name in ("useful", "noise")]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, NAME, package)
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "__init__.py").touch()
    monkeypatch.setattr(models, "package_folder", lambda _: tmp_path / NAME)
    workflow = SimpleNamespace(
        features=SimpleNamespace(columns=f"{NAME}:COLUMNS"),
        labels=SimpleNamespace(column="late"),
        training=SimpleNamespace(requirements=()),
    )
    return SimpleNamespace(name=NAME, title="Libraries", workflow=workflow)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("train", "flavor"),
    [(xgboost_classifier, "xgboost"), (xgboost_booster, "xgboost"), (torch_module, "pytorch")],
)
def test_a_model_of_the_library_answers_probabilities_here_and_in_a_process_that_stands_for_an_endpoint(
    store: Path, project: Any, tmp_path: Path, train: Callable[..., tuple[Any, Any]], flavor: str
) -> None:
    features, labels = rows()
    model, expected = train(features, labels)
    library = libraries.recognise(model, "train")
    assert library.flavor == flavor
    seen: list[Any] = []

    def look(predict: Any, _model_id: str) -> dict[str, float]:
        seen.append(predict(features))
        return {}

    trained = Trained(model=model, library=library, function="train")
    mlflow.set_experiment("training")
    with mlflow.start_run():
        info = models.log_and_register(trained, features.head(2), SETTINGS, project, look)
    assert np.allclose(seen[0], expected, atol=1e-6)
    uri = f"models:/{SETTINGS.model}/{info.registered_model_version}"
    assert set(mlflow.models.get_model_info(uri).flavors) == {"python_function", flavor}
    folder = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / "model")))
    distribution = libraries.DISTRIBUTIONS[flavor]
    assert f"{distribution}=={importlib.metadata.version(distribution)}" in (folder / "requirements.txt").read_text()
    served = serving_check.try_out(folder, features.head(20), np.asarray(expected, dtype=float)[:20])
    assert [condition.said for condition in served.conditions if not condition.passed] == []


def test_shap_says_what_a_model_leans_on_with_its_picture(store: Path) -> None:
    pytest.importorskip("shap")
    features, labels = rows()
    texts = features.assign(kind=np.where(features["useful"] > 0, "a", "b")).astype({"kind": object})

    def predict(asked: pd.DataFrame) -> Any:
        return 1 / (1 + np.exp(-3 * asked["useful"] - (asked["kind"] == "a")))

    found = importance.explain(predict, texts, labels.to_numpy(), "auto")
    assert (found.method, next(iter(found.shares))) == ("shap", "useful")
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.shares["noise"] == pytest.approx(0)
    mlflow.set_experiment("training")
    with mlflow.start_run() as run:
        records.log_importance(found, [], "Libraries")
    listed = {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    assert {"shap.png", "importance.json", "importance.html"} <= listed
