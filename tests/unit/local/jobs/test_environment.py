"""What a task process sees of its surroundings."""

from pathlib import Path

from brickyard_local.jobs.environment import Access, task_environment


def test_only_the_machines_own_settings_are_inherited() -> None:
    parent = {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy:1",
        "NO_PROXY": "intern",
        "DATABRICKS_TOKEN": "admin",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "MLFLOW_TRACKING_URI": "file:/x",
        "PYTHONPATH": "/mine",
    }
    access = Access(host="http://127.0.0.1:20000", token="run")
    found = task_environment(
        parent,
        access,
        folder=Path("/task"),
        scratch=Path("/scratch"),
        path=[Path("/wheel one")],
        configured={"STAGE": "dev"},
    )
    assert found["DATABRICKS_TOKEN"] == "run"
    assert found["MLFLOW_TRACKING_URI"] == "databricks"
    assert found["NO_PROXY"] == "intern,127.0.0.1,localhost"
    assert found["PYTHONPATH"].startswith("/wheel one:")
    assert found["STAGE"] == "dev"
    assert not {"AWS_SECRET_ACCESS_KEY"} & set(found)
    assert "admin" not in found.values()
