"""Base models brought into the folder of work, once: from Unity Catalog, a volume, or a host that is allowed."""
