"""Which Databricks provider `local` uses: the genuine one where it can be had, else the offline one, said aloud.

The choice is remembered beside the Terraform state; a state made by one is never handed to the other in silence.
"""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from brickyard.clone import Clone
from brickyard.errors import NoTerraform, ProviderSwitch
from brickyard_local.account import write_private
from brickyard_local.provider.install import VERSION, install

ProviderName = Literal["genuine", "offline"]

_PROBE = f"""terraform {{
  required_providers {{
    databricks = {{
      source  = "databricks/databricks"
      version = "{VERSION}"
    }}
  }}
}}
"""
_PROBE_S = 180.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """The provider in use and the environment variables that lead Terraform to it."""

    name: ProviderName
    variables: dict[str, str]


def choose_provider(clone: Clone, asked: ProviderName | None) -> Provider:
    """The provider asked for, or remembered, or found. Errors: ProviderSwitch, NoTerraform."""
    memory = clone.terraform / "provider"
    remembered = memory.read_text().strip() if memory.exists() else ""
    made_state = any(clone.terraform_state.glob("*.tfstate"))
    if asked and remembered and asked != remembered and made_state:
        raise ProviderSwitch(
            f"The Terraform state of `local` was made with the {remembered} provider; the {asked} one is asked for. "
            f"Run `make down` first, or go on with `--provider {remembered}`."
        )
    kept: ProviderName | None = "offline" if remembered == "offline" else "genuine" if remembered else None
    name = asked or (kept if made_state else None) or _find(clone)
    clone.terraform.mkdir(parents=True, exist_ok=True)
    variables = _variables(clone, name)
    write_private(memory, name + "\n")
    return Provider(name=name, variables=variables)


def _find(clone: Clone) -> ProviderName:
    return "genuine" if _genuine_answers(clone) else "offline"


def _genuine_answers(clone: Clone) -> bool:
    """Whether `terraform init` can get the genuine provider, from the registry or the team's own mirror.

    Errors: NoTerraform.
    """
    with tempfile.TemporaryDirectory(prefix="brickyard-") as folder:
        (Path(folder) / "main.tf").write_text(_PROBE)
        environment = {**_own_environment(), **_plugin_cache(clone), "CHECKPOINT_DISABLE": "1"}
        try:
            done = subprocess.run(
                ["terraform", f"-chdir={folder}", "init", "-input=false", "-no-color"],
                capture_output=True,
                timeout=_PROBE_S,
                env=environment,
                check=False,
            )
        except FileNotFoundError as error:
            raise NoTerraform(
                "terraform is not on PATH: install Terraform 1.11 or newer, then run this again."
            ) from error
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def _variables(clone: Clone, name: ProviderName) -> dict[str, str]:
    if name == "offline":
        return {"TF_CLI_CONFIG_FILE": str(install(clone.terraform, clone.home.cache))}
    return _plugin_cache(clone)


def _plugin_cache(clone: Clone) -> dict[str, str]:
    folder = clone.home.cache / "terraform-plugins"
    folder.mkdir(parents=True, exist_ok=True)
    return {"TF_PLUGIN_CACHE_DIR": str(folder)}


def _own_environment() -> dict[str, str]:
    """The user's environment, without a Terraform configuration file that does not exist."""
    environment = dict(os.environ)
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named and not Path(named).exists():
        del environment["TF_CLI_CONFIG_FILE"]
    return environment


def remember_settings(clone: Clone, provider: Provider) -> None:
    """Note what `pipenv run cdktf` needs for `local`: settings, never a secret."""
    settings = {
        "provider": provider.name,
        "variables": {**provider.variables, "DATABRICKS_CONFIG_FILE": str(clone.home.config_file)},
    }
    write_private(clone.state / "local.settings.json", json.dumps(settings, indent=2) + "\n")
