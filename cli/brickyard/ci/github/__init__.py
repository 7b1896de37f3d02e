"""The workflows of GitHub Actions.

Every action is pinned by the hash of a release, jobs get the permissions that they need and no others, and what people
write (branches, titles) is never put into a script.
Source: docs.github.com/actions (workflow syntax, security hardening, OpenID Connect)
"""
