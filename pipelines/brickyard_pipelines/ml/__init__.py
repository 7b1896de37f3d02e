"""The machine learning workflow: ingest, features, train, validate, deploy, batch inference."""
