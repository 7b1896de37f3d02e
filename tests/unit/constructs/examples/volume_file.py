"""A file of this machine in a volume, under its content's own folder."""

from hashlib import sha256
from pathlib import Path

from cdktf import TerraformStack

from brickyard_constructs.storage import VolumeFile, VolumeFileProps


def build(stack: TerraformStack) -> None:
    """Put it into a stack."""
    source = Path(__file__)
    props = VolumeFileProps(
        source=source,
        content_hash=sha256(source.read_bytes()).hexdigest(),
        folder="/Volumes/dev/models/artifacts",
    )
    VolumeFile(stack, "file", props)
