"""Registered models of Unity Catalog: versions, aliases, tags, and the folders of their files."""

from brickyard_local.models.service import ModelsService, ModelVersion

__all__ = ["ModelVersion", "ModelsService"]
