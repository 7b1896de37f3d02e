"""Identity: users, groups, service principals (SCIM) and their tokens."""
