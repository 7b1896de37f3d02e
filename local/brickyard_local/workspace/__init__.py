"""The workspace tree: folders, notebooks, files and experiments of one workspace."""
