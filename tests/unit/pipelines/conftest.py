"""A tracking store and registry of files, for the tests that want mlflow's own."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest


@pytest.fixture(scope="session")
def tracking_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests: making it takes longer than any of them."""
    folder = tmp_path_factory.mktemp("tracking")
    store = f"sqlite:///{folder}/mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
    client.create_experiment("training", artifact_location=str(folder / "artifacts"))
    return folder / "mlflow.db"


@pytest.fixture
def store(tracking_database: Path) -> Iterator[Path]:
    """The store as mlflow's default while a test runs; its experiment is called `training`."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tracking_database}")
    mlflow.set_registry_uri(f"sqlite:///{tracking_database}")
    yield tracking_database.parent
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])
