"""The floor for bench/synth.py: the resources of synthesised stacks, each made by one plain call of the bindings.

`FLOOR=plain python bench/synth_floor.py SYNTHESISED OUT`: no settings, no constructs, no checks. With FLOOR=bare every
resource is a directory with its path, the smallest there is.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from cdktf import App, TerraformStack, Token
from cdktf_cdktf_provider_databricks.provider import DatabricksProvider

_NUMBERS = {
    "JobTaskRunJobTask": ("job_id",),
    "MwsPermissionAssignment": ("principal_id",),
    "ServicePrincipalFederationPolicy": ("service_principal_id",),
}
_META = ("//", "count", "provider", "for_each", "provisioner", "depends_on")


def main() -> None:
    """Read what was synthesised, and make it again."""
    source, out = Path(sys.argv[1]), sys.argv[2]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    app = App(outdir=out)
    make = _bare if os.environ.get("FLOOR") == "bare" else _plain
    for file in sorted((source / "stacks").glob("*/cdk.tf.json")):
        document = json.loads(file.read_text())
        stack = TerraformStack(app, file.parent.name)
        DatabricksProvider(stack, "databricks", host="https://example.com")
        for prefix, section in (("", "resource"), ("data_", "data")):
            for kind, named in document.get(section, {}).items():
                for name, arguments in named.items():
                    make(stack, prefix + kind, name, arguments)
    app.synth()


def _plain(stack: TerraformStack, kind: str, name: str, arguments: dict[str, Any]) -> None:
    module = importlib.import_module(f"cdktf_cdktf_provider_databricks.{_module(kind)}")
    place = _camel(_module(kind))
    fields = {key: _value(module, place, key, value) for key, value in arguments.items() if key not in _META}
    if "count" in arguments:
        fields["count"] = Token.as_number(arguments["count"])
    getattr(module, place)(stack, name, **fields)


def _bare(stack: TerraformStack, _kind: str, name: str, _arguments: dict[str, Any]) -> None:
    from cdktf_cdktf_provider_databricks.directory import Directory

    Directory(stack, name, path=f"/{name}")


def _module(kind: str) -> str:
    return kind.removeprefix("databricks_") if kind.startswith("databricks_") else kind


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _value(module: ModuleType, place: str, key: str, value: Any) -> Any:
    """As the bindings take it: a class of its own for each nested block, and numbers for references to numbers."""
    if key in _NUMBERS.get(place, ()) and isinstance(value, str):
        return Token.as_number(value)
    inner = place + _camel(key)
    block = getattr(module, f"{inner}A", None) if key == "config" else getattr(module, inner, None)
    if block is None:
        return value
    if isinstance(value, list):
        return [_block(module, inner, block, each) for each in value]
    return _block(module, inner, block, value)


def _block(module: ModuleType, place: str, block: Any, value: Any) -> Any:
    return block(**{key: _value(module, place, key, inner) for key, inner in value.items()})


if __name__ == "__main__":
    main()
