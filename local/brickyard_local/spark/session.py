"""How a task joins the Spark server, as one principal."""

import json
from collections.abc import Mapping, Sequence

CATALOG_CLASS = "io.unitycatalog.brickyard.UnityCatalog"


def catalog_settings(workspace_host: str, principal_token: str, catalogs: Sequence[str]) -> dict[str, str]:
    """Settings of a Spark session that make `catalogs` known in it, with the principal's rights.

    The first is the default, as a workspace's default catalog is on Databricks.
    """
    settings: dict[str, str] = {}
    for catalog in catalogs:
        name = f"spark.sql.catalog.{catalog}"
        settings[name] = CATALOG_CLASS
        settings[f"{name}.uri"] = workspace_host
        settings[f"{name}.token"] = principal_token
        # Delta 4.4 would else call an API of its own that only a Unity Catalog server has.
        settings[f"{name}.deltaRestApi.enabled"] = "false"
    if catalogs:
        settings["spark.sql.defaultCatalog"] = catalogs[0]
    return settings


def session_environment(port: int, connect_token: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Environment variables with which `SparkSession.builder.getOrCreate()` joins the server with these settings.

    The host must be `localhost` by name: only then does PySpark send a token without TLS. PySpark merges nothing: of
    several PYSPARK_REMOTE_INIT_CONF_* only the last counts, so there is one.
    Source: pyspark.sql.connect.client.core (DefaultChannelBuilder), pyspark.sql.connect.session (_apply_options)
    """
    return {
        "SPARK_REMOTE": f"sc://localhost:{port}",
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": connect_token,
        "PYSPARK_REMOTE_INIT_CONF_LEN": "1",
        "PYSPARK_REMOTE_INIT_CONF_0": json.dumps(dict(settings)),
    }
