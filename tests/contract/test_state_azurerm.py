"""State in Azure Storage: real Terraform knows every argument, and asks Entra for a sign-in, never for a key."""

import os
import subprocess
from pathlib import Path

from cdktf import App, TerraformStack

from brickyard_stacks.settings import load_environment
from brickyard_stacks.state import keep_state

ROOT = Path(__file__).resolve().parents[2]


def test_terraform_stops_at_the_sign_in_and_at_no_argument(tmp_path: Path) -> None:
    """There is no Azure here: that the backend is understood shows in what Terraform asks for next."""
    environment = load_environment(ROOT / "environments/prod.yaml")
    app = App(outdir=str(tmp_path / "out"))
    keep_state(TerraformStack(app, "prod-platform"), "prod-platform", environment, root=tmp_path)
    app.synth()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ARM_", "AZURE_", "TF_"))}
    # No login of this machine, whether or not it has one.
    variables = {**kept, "AZURE_CONFIG_DIR": str(tmp_path / "nobody"), "CHECKPOINT_DISABLE": "1"}

    done = subprocess.run(
        ["terraform", f"-chdir={tmp_path / 'out/stacks/prod-platform'}", "init", "-input=false", "-no-color"],
        env=variables,
        check=False,
        capture_output=True,
        text=True,
    )

    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "unable to build authorizer for Storage API" in said, said
    assert "nsupported argument" not in said
    assert "access_key" not in said
