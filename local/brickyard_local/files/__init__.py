"""Files: one tree behind the Files API, with volumes, model versions and MLflow artifacts."""
