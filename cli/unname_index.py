"""Take the package index's address out of Pipfile.lock: pip's own configuration names it on each machine."""

import json
from pathlib import Path

lock = Path(__file__).parent.parent / "Pipfile.lock"
content = json.loads(lock.read_text())
content["_meta"]["sources"] = []
for section in content.keys() - {"_meta"}:
    for package in content[section].values():
        package.pop("index", None)
lock.write_text(json.dumps(content, indent=4) + "\n")
