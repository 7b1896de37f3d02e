"""Routes of /api/2.1/unity-catalog and of our own plug-in, one module per part. HTTP only: rules are in services."""

from brickyard_local.catalog.routes import (
    catalogs,
    functions,
    metastore,
    permissions,
    storage,
    tables,
    tags,
    views,
    volumes,
)
from brickyard_local.routing import LazyRouter

router = LazyRouter(tags=["catalog"])
for part in (metastore, catalogs, volumes, tables, functions, permissions, storage, tags):
    router.include_router(part.router, prefix="/api/2.1/unity-catalog")
for part in (tables, storage):
    router.include_router(part.credentials, prefix="/api/2.0/unity-catalog")
    router.include_router(part.credentials, prefix="/api/2.1/unity-catalog")
router.include_router(views.router, prefix="/api/local/spark")

__all__ = ["router"]
