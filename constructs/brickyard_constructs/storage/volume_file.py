"""Files that Terraform puts into volumes."""

import re
from dataclasses import dataclass
from pathlib import Path

from cdktf import AssetType, TerraformAsset, TerraformResourceLifecycle
from cdktf_cdktf_provider_databricks.file import File
from constructs import Construct

from brickyard_constructs.checks import known
from brickyard_constructs.errors import InvalidProps

# Enough that two contents never share a folder, and short enough to read in a plan.
_HASH_DIGITS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeFileProps:
    """A file of this machine, the hash of its bytes, and the folder of a volume that it goes under."""

    source: Path
    content_hash: str
    folder: str

    def __post_init__(self) -> None:
        if not self.source.is_file():
            raise InvalidProps("source", str(self.source), rule="must be a file")
        if not re.fullmatch(r"[0-9a-f]{64}", self.content_hash):
            raise InvalidProps("content_hash", self.content_hash, rule="a SHA-256 in hexadecimal")
        if known(self.folder) and not re.fullmatch(r"/Volumes(/[^/]+){3,}", self.folder):
            raise InvalidProps("folder", self.folder, rule="must be like /Volumes/<catalog>/<schema>/<volume>")


class VolumeFile(Construct):
    """A file in a folder that is named by its content: other content never overwrites it.

    The new file is there before a job is pointed to it, and the old one goes after. Terraform reads a copy under
    the stack's own folder, by a relative path, so that a plan made on one machine applies on another.

    Creates: databricks_file.
    Gaps: a run that started before a deployment may lose the wheel it has not yet installed.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/file
    """

    def __init__(self, scope: Construct, id_: str, props: VolumeFileProps) -> None:
        super().__init__(scope, id_)
        folder = props.content_hash[:_HASH_DIGITS]
        asset = TerraformAsset(self, "asset", path=str(props.source), type=AssetType.FILE, asset_hash=folder)
        self.file = File(
            self,
            "Resource",
            source=asset.path,
            path=f"{props.folder}/{folder}/{props.source.name}",
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        # Taken from the resource, a job that uses the path waits for the upload.
        self.path = self.file.path
