"""Files in Unity Catalog volumes."""

from brickyard_constructs.storage.volume_file import VolumeFile, VolumeFileProps

__all__ = ["VolumeFile", "VolumeFileProps"]
