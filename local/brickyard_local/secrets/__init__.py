"""Secrets: scopes, their access control lists, and values that are encrypted before they are kept."""
