"""Which backend a stack gets from the settings, and what stands in it: names, and never a secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack

from brickyard_stacks.settings import load_environment
from brickyard_stacks.settings.auth import AzureCliAuth, GithubOidcAuth
from brickyard_stacks.settings.state import AzurermState, LocalState, S3State, State
from brickyard_stacks.state import keep_state

ROOT = Path(__file__).resolve().parents[3]


def backend(tmp_path: Path, state: State, auth: Any = None) -> dict[str, Any]:
    environment = load_environment(ROOT / "environments/local.yaml").model_copy(update={"state": state})
    if auth is not None:
        workspace = environment.workspace.model_copy(update={"auth": auth})
        environment = environment.model_copy(update={"workspace": workspace})
    app = App(outdir=str(tmp_path / "out"))
    keep_state(TerraformStack(app, "prod-churn"), "prod-churn", environment, root=tmp_path)
    app.synth()
    made: dict[str, Any] = json.loads((tmp_path / "out/stacks/prod-churn/cdk.tf.json").read_text())
    found: dict[str, Any] = made["terraform"]["backend"]
    return found


def test_files_lie_in_the_clone_whatever_the_working_folder_is(tmp_path: Path) -> None:
    found = backend(tmp_path, LocalState(backend="local", path=".brickyard/state"))

    assert found == {"local": {"path": str(tmp_path / ".brickyard/state/prod-churn.tfstate")}}


def test_s3_is_encrypted_and_locked_by_itself(tmp_path: Path) -> None:
    state = S3State(backend="s3", bucket="acme-state", region="eu-west-1", key_prefix="brickyard/prod", kms_key_id="k")

    assert backend(tmp_path, state) == {
        "s3": {
            "bucket": "acme-state",
            "key": "brickyard/prod/prod-churn.tfstate",
            "region": "eu-west-1",
            "encrypt": True,
            "kms_key_id": "k",
            "use_lockfile": True,
        }
    }


def test_an_s3_of_another_maker_is_not_asked_for_what_only_aws_has(tmp_path: Path) -> None:
    state = S3State(backend="s3", bucket="state", region="eu", key_prefix="p", endpoint="http://127.0.0.1:9000")

    found = backend(tmp_path, state)["s3"]

    assert found["endpoints"] == {"s3": "http://127.0.0.1:9000"}
    assert found["use_lockfile"]
    assert all(found[name] for name in found if name.startswith("skip_"))


@pytest.mark.parametrize(
    ("auth", "federated"),
    [
        (AzureCliAuth(type="azure-cli", host="https://a.azuredatabricks.net"), None),
        (GithubOidcAuth(type="github-oidc", host="https://a.azuredatabricks.net", client_id="c"), True),
    ],
)
def test_azure_storage_is_reached_by_entra_and_never_by_a_key(
    tmp_path: Path, auth: Any, federated: bool | None
) -> None:
    state = AzurermState(
        backend="azurerm", storage_account_name="acmestate", container_name="tfstate", key_prefix="brickyard/prod"
    )

    found = backend(tmp_path, state, auth)["azurerm"]

    assert found["use_azuread_auth"]
    assert found.get("use_oidc") == federated
    assert found["key"] == "brickyard/prod/prod-churn.tfstate"
    assert not {"access_key", "sas_token", "client_secret", "oidc_token"} & found.keys()
