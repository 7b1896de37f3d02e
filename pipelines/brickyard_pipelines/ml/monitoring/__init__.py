"""What is measured of a model in use: drift, quality, what quality will be, freshness, the endpoint."""
