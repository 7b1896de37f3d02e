"""Quality monitors: profile and drift metrics of tables, computed by refreshes into Delta tables."""
