"""All settings of a clone at once: each file's own problems, and those between files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.settings import environment_files, project_files
from brickyard_stacks.settings.checking import check_settings, check_together

ROOT = Path(__file__).resolve().parents[4]
Dump = Callable[[Any], str]


@pytest.fixture
def clone(tmp_path: Path) -> Callable[..., Path]:
    """Environments made from a shipped one each with changes, and a project with a deployment."""

    def write(environments: dict[str, tuple[str, dict[str, Any]]], deployment: dict[str, Any] | None = None) -> Path:
        (tmp_path / "environments").mkdir()
        for name, (base, changes) in environments.items():
            data = yaml.safe_load((ROOT / f"environments/{base}.yaml").read_text()) | {"name": name} | changes
            (tmp_path / f"environments/{name}.yaml").write_text(json.dumps(data))
        project = tmp_path / "projects/churn/project.yaml"
        project.parent.mkdir(parents=True)
        project.write_text(json.dumps({"name": "churn", "title": "x", "deployment": deployment or {}}))
        return tmp_path

    return write


def told(root: Path) -> list[str]:
    checked = check_settings(list(environment_files(root).values()), project_files(root))
    return [f"{p.file.name}: {p.key}: {p.rule}" for p in checked.problems]


def test_what_is_shipped_is_right_together() -> None:
    checked = check_settings(list(environment_files(ROOT).values()), project_files(ROOT))

    assert not checked.problems
    assert {"dev", "local", "prod", "staging"} <= {file.settings.name for file in checked.environments}


def test_a_wrong_file_hides_no_other_ones_problems(clone: Callable[..., Path]) -> None:
    root = clone({"dev": ("dev", {"regoin": "x"}), "prod": ("prod", {"deletion_protection": False})}, {"jbo": {}})

    assert [line.rsplit(": ", 1)[0] for line in told(root)] == [
        "dev.yaml: regoin",
        "prod.yaml: deletion_protection",
        "project.yaml: deployment.jbo",
    ]


def test_two_environments_of_one_metastore_own_nothing_twice(clone: Callable[..., Path]) -> None:
    lines = told(clone({"dev": ("dev", {}), "dev-two": ("dev", {})}))

    assert lines == [
        "dev-two.yaml: catalog.name: is dev's catalog as well: one environment owns it, others refer to it",
        "dev-two.yaml: prefix: is dev's as well: names of one metastore would meet",
        "dev-two.yaml: storage.lake.url: is dev's storage.lake as well: a metastore has one location for it",
    ]


def test_environments_of_two_regions_have_two_metastores(clone: Callable[..., Path]) -> None:
    assert not told(clone({"dev": ("dev", {}), "dev-neu": ("dev", {"region": "northeurope"})}))


def test_a_catalog_may_be_referred_to_by_another_environment(clone: Callable[..., Path]) -> None:
    catalog = {"name": "acme_dev", "ownership": "reference"}
    changes = {"prefix": "acme-two", "storage": {}, "catalog": catalog}

    assert not told(clone({"dev": ("dev", {}), "dev-two": ("dev", changes)}))


def test_stages_do_not_share_a_folder_of_states(clone: Callable[..., Path]) -> None:
    state = yaml.safe_load((ROOT / "environments/dev.yaml").read_text())["state"]

    assert told(clone({"dev": ("dev", {}), "prod": ("prod", {"state": state})})) == [
        "prod.yaml: state.key_prefix: is dev's as well: who writes one environment's state could write the other's"
    ]


def test_a_project_names_what_every_environment_has(clone: Callable[..., Path]) -> None:
    tasks = [{"key": "q", "sql": {"path": "q.sql", "warehouse": "shard"}}]
    clusters = {"gpu": {"policy": "gpu"}, "warm": {"pool": "warm"}}
    asked = {"jobs": {"tune": {"tasks": tasks, "clusters": clusters}}, "dashboard": {"warehouse": "shard"}}
    root = clone({"dev": ("dev", {}), "local": ("local", {"compute": {}})}, {"inference": {}, **asked})

    lines = told(root)

    where = "project.yaml: deployment.jobs.tune"
    assert f"{where}.tasks.0.sql.warehouse: must be one of compute.warehouses of the environment dev: shared" in lines
    assert (
        f"{where}.tasks.0.sql.warehouse: must be one of compute.warehouses of the environment local: there is none"
        in lines
    )
    one = (
        "project.yaml: deployment.dashboard.warehouse: must be one of compute.warehouses of the environment dev: shared"
    )
    assert one in lines
    assert f"{where}.clusters.warm.pool: must be one of compute.pools of the environment dev: there is none" in lines
    assert [line for line in lines if "clusters.gpu" in line] == [
        f"{where}.clusters.gpu.node_type: required in the environment local, whose compute.gpu_node_types is empty"
    ]


def test_who_applies_a_project_applies_one_that_there_is(clone: Callable[..., Path]) -> None:
    auth = {"type": "azure-cli", "host": "https://adb-1.1.azuredatabricks.net"}
    deployers = {"flight_delay": {"deployer": "ada@acme.example", "auth": auth}}
    shipped = yaml.safe_load((ROOT / "environments/dev.yaml").read_text())["workspace"]["auth"]
    deployers["flight_delay"]["auth"] = auth | {"host": shipped["host"]}

    (line,) = told(clone({"dev": ("dev", {"deployers": deployers})}, {"alerts": {}}))

    assert line.startswith("dev.yaml: deployers.flight_delay: names no project of this clone")


def test_what_is_deployed_together_is_read_together(clone: Callable[..., Path]) -> None:
    root = clone({"dev": ("dev", {})}, {"alerts": {}})

    environment, projects = check_together(root / "environments/dev.yaml", project_files(root))

    assert (environment.name, [project.name for project in projects]) == ("dev", ["churn"])
    with pytest.raises(InvalidSettings, match="readable"):
        check_together(root / "environments/none.yaml", project_files(root))
