"""All routes of SQL."""

from brickyard_local.routing import LazyRouter
from brickyard_local.sql.alerts import routes as alerts
from brickyard_local.sql.dashboards import routes as dashboards
from brickyard_local.sql.queries import routes as queries
from brickyard_local.sql.statements import routes as statements
from brickyard_local.sql.warehouses import routes as warehouses

router = LazyRouter()
for _routes in (warehouses, statements, queries, alerts, dashboards):
    router.include_router(_routes.router)
