"""Models that can be asked: a file of answers, a folder, an endpoint, a model of Unity Catalog, behind one protocol."""
