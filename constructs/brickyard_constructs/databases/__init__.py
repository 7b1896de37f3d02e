"""Databases: Postgres that requests read from."""

from brickyard_constructs.databases.database_instance import DatabaseInstance, DatabaseInstanceProps

__all__ = ["DatabaseInstance", "DatabaseInstanceProps"]
