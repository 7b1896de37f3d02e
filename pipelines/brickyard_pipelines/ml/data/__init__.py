"""Landing files, bronze, silver and feature tables."""
