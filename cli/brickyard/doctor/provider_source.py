"""Where does Terraform get the provider from, and which version does it choose?"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from brickyard.cdktf import settings_of
from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Preflight
from brickyard.errors import BrickyardError

_CHECK = "provider"
_S = 180
_ADDRESS = "registry.terraform.io/databricks/databricks"
# It wrote states that later versions cannot read (provider's CHANGELOG, v1.115.0).
_AVOID = "1.114.0"


def provider_source(preflight: Preflight) -> Iterator[Finding]:
    """`terraform init` in an empty folder, with the environment's range: exactly what a plan would do first."""
    constraint = preflight.environment.provider.version
    try:
        variables = _variables(preflight)
    except BrickyardError as error:
        yield Finding(check=_CHECK, status="problem", said=str(error), fix="start it as it says, then ask again")
        return
    source = _configured(variables)
    with tempfile.TemporaryDirectory(prefix="brickyard-") as folder:
        needs = {"databricks": {"source": "databricks/databricks", "version": constraint}}
        (Path(folder) / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": needs}}))
        said = _terraform(folder, variables, "init", "-input=false", "-no-color")
        if said is not None:
            fix = "let this machine reach the registry, or name a mirror in TF_CLI_CONFIG_FILE"
            yield Finding(
                check=_CHECK, status="problem", said=f"no provider {constraint} from {source}: {said}", fix=fix
            )
            return
        version = _selected(folder, variables)
    if version == _AVOID:
        fix = f'exclude it: provider.version: "{constraint}, != {_AVOID}"'
        said = f"{_AVOID} writes states that later versions cannot read"
        yield Finding(check=_CHECK, status="problem", said=said, fix=fix)
        return
    offline = variables.get("BRICKYARD_PROVIDER") == "offline"
    note = "; the offline provider: what it shows is verified locally only" if offline else ""
    yield Finding(check=_CHECK, status="ok", said=f"databricks/databricks {version} ({constraint}) from {source}{note}")


def _variables(preflight: Preflight) -> dict[str, str]:
    given = {**preflight.variables, "BRICKYARD_ENV": preflight.environment.name}
    variables = settings_of(preflight.clone, ["plan"], given)
    named = variables.get("TF_CLI_CONFIG_FILE")
    if named and not Path(named).exists():
        del variables["TF_CLI_CONFIG_FILE"]
    return variables


def _configured(variables: dict[str, str]) -> str:
    named = variables.get("TF_CLI_CONFIG_FILE")
    usual = Path(variables.get("HOME", os.sep)) / ".terraformrc"
    file = Path(named) if named else usual
    if file.exists() and "provider_installation" in file.read_text():
        return f"the mirror of {file}"
    return "registry.terraform.io"


def _terraform(folder: str, variables: dict[str, str], *arguments: str) -> str | None:
    """None when it went well, else why not, in one line."""
    argv = ["terraform", f"-chdir={folder}", *arguments]
    try:
        done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False, timeout=_S)
    except FileNotFoundError:
        return "terraform is not on the PATH"
    except subprocess.TimeoutExpired:
        return f"no answer within {_S} s"
    lines = (done.stderr or done.stdout).strip("│╷╵ \n").splitlines()
    return " ".join(line.strip("│╷╵ ") for line in lines)[:300] if done.returncode else None


def _selected(folder: str, variables: dict[str, str]) -> str:
    argv = ["terraform", f"-chdir={folder}", "version", "-json"]
    done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False, timeout=_S)
    return str(json.loads(done.stdout).get("provider_selections", {}).get(_ADDRESS, "unknown"))
