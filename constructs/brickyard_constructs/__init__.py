"""Building blocks for Databricks, grouped as Databricks groups its services."""

from brickyard_constructs.on_demand import import_on_demand

import_on_demand("cdktf_cdktf_provider_databricks")
