"""All routes of SQL."""

from fastapi import APIRouter

from brickyard_local.sql.alerts import routes as alerts
from brickyard_local.sql.queries import routes as queries
from brickyard_local.sql.statements import routes as statements
from brickyard_local.sql.warehouses import routes as warehouses

router = APIRouter()
for _routes in (warehouses, statements, queries, alerts):
    router.include_router(_routes.router)
