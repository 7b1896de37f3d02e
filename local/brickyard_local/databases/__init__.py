"""Database instances: a real Postgres that holds synced tables, and the front that speaks TLS and takes tokens."""
