"""Where a line of code can be looked at: the page of GitHub or Azure DevOps, at one commit.

Gaps: hosts other than these two, whose pages have other forms, get no links.
Source: docs.github.com (permanent links to files); learn.microsoft.com/azure/devops/repos/git (a file at a commit)
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

GITHUB = "github.com"
_SSH = re.compile(r"^(?:ssh://)?[\w.-]+@(?P<host>[\w.-]+)[:/](?P<path>[^\s?#]+)$")
_HTTPS = re.compile(r"^https://(?:[^@/\s]*@)?(?P<host>[\w.:-]+)/(?P<path>[^\s?#]+)$")
_AZURE_SSH = re.compile(r"^v3/(?P<organisation>[^/]+)/(?P<project>[^/]+)/(?P<repository>[^/]+)$")
_SHA = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A commit of a repository as its host shows it; `files` are those that are as they are in it."""

    page: str
    root: Path
    files: Collection[str] = field(default_factory=frozenset)

    def line(self, file: Path, number: int) -> str | None:
        """The page of a line; None for a file that the commit does not hold as it is here."""
        path = file.resolve().relative_to(self.root).as_posix() if file.resolve().is_relative_to(self.root) else ""
        return self.page.format(path=quote(path), line=number) if path in self.files else None


def page_of(remote: str, commit: str, github_hosts: Collection[str] = (GITHUB,)) -> str | None:
    """The form of the pages of a commit, with `{path}` and `{line}`; None where the host's pages are not known.

    >>> page_of("git@github.com:acme/ml.git", "a" * 40)[:46]
    'https://github.com/acme/ml/blob/aaaaaaaaaaaaaa'
    """
    found = _HTTPS.match(remote) or _SSH.match(remote)
    if found is None or not _SHA.match(commit):
        return None
    host, path = found["host"], _escaped(found["path"].strip("/").removesuffix(".git"))
    if host in github_hosts:
        return f"https://{host}/{path}/blob/{commit}/{{path}}#L{{line}}"
    if host == "ssh.dev.azure.com" and (named := _AZURE_SSH.match(path)):
        host, path = "dev.azure.com", f"{named['organisation']}/{named['project']}/_git/{named['repository']}"
    if "/_git/" in f"/{path}":
        at = f"path=/{{path}}&version=GC{commit}&line={{line}}&lineEnd={{line}}"
        return f"https://{host}/{path}?{at}&lineStartColumn=1&lineEndColumn=200&_a=contents"
    return None


def _escaped(path: str) -> str:
    """As it is written in a URL, whether or not it was; braces would be taken for places of ours."""
    return quote(path, safe="/%")
