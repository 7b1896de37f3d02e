"""Identities and permissions."""
