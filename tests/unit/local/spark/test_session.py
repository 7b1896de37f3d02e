"""What a task process is given."""

import json

from brickyard_local.spark.session import catalog_settings, session_environment


def test_each_catalog_is_registered_with_the_principals_token() -> None:
    settings = catalog_settings("http://127.0.0.1:1", "the-token", ["local", "prod-azure"])
    assert settings["spark.sql.catalog.prod-azure"] == "io.unitycatalog.brickyard.UnityCatalog"
    assert settings["spark.sql.catalog.prod-azure.uri"] == "http://127.0.0.1:1"
    assert settings["spark.sql.catalog.prod-azure.token"] == "the-token"
    assert settings["spark.sql.catalog.prod-azure.deltaRestApi.enabled"] == "false"
    assert settings["spark.sql.defaultCatalog"] == "local"


def test_a_session_without_catalogs_holds_no_token() -> None:
    assert catalog_settings("http://127.0.0.1:1", "the-token", []) == {}


def test_the_token_of_the_server_is_not_part_of_its_address() -> None:
    environment = session_environment(4711, "the-secret", {"spark.sql.a": "b"})
    assert environment["SPARK_REMOTE"] == "sc://localhost:4711"
    assert environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"] == "the-secret"
    assert environment["PYSPARK_REMOTE_INIT_CONF_LEN"] == "1"
    assert json.loads(environment["PYSPARK_REMOTE_INIT_CONF_0"]) == {"spark.sql.a": "b"}
