"""MLflow runs, model versions and serving endpoints."""
