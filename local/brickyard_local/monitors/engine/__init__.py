"""The child process of a refresh: computes profile and drift metrics with Spark and writes them."""
