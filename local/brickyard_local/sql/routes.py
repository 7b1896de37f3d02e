"""All routes of SQL."""

from fastapi import APIRouter

from brickyard_local.sql.statements import routes as statements
from brickyard_local.sql.warehouses import routes as warehouses

router = APIRouter()
for _routes in (warehouses, statements):
    router.include_router(_routes.router)
