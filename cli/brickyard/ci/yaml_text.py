"""Pipelines as YAML text: keys in our order, scripts as blocks, actions with the version that their hash is of."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

_USES = re.compile(r"^(\s*(?:- )?uses: )(\S+@[0-9a-f]{40})$", re.MULTILINE)
_HEAD = "# Written by `brickyard ci render --write` from ci/release.yaml and cli/brickyard/ci."


class _Dumper(yaml.SafeDumper):
    """Lists indented under their key, as people write them; no anchors, which neither platform is sure to read."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's own
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's own
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def yaml_text(document: Mapping[str, Any], *, about: str, versions: Mapping[str, str]) -> str:
    """The file. `versions` names the release of each pinned `action@hash`."""
    text = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, width=200, allow_unicode=True)
    text = re.sub(r"^'on':", "on:", text, flags=re.MULTILINE)  # YAML 1.1 means true by it, GitHub does not
    text = _USES.sub(lambda found: f"{found[1]}{found[2]} # {versions[found[2]]}", text)
    return f"{_HEAD}\n# {about}\n{text}"
