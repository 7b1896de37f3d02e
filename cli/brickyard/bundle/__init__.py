"""A plan bundle: what is reviewed and approved, sealed for who applies it, and applied exactly as it is."""
