"""The sandboxes of an environment as its workspace shows them: by the tags of jobs and endpoints, and by schemas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from databricks.sdk import WorkspaceClient

from brickyard_stacks.settings import Environment, Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One object of a sandbox, and its tags."""

    kind: str
    name: str
    sandbox: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundSandbox:
    """What is there of one sandbox. Owner and last day are unknown where nothing carries the tags."""

    name: str
    things: tuple[Thing, ...]

    @property
    def owner(self) -> str | None:
        """Who deployed it."""
        return self._tag("owner")

    @property
    def expires(self) -> date | None:
        """Its last day."""
        told = self._tag("expires")
        try:
            return date.fromisoformat(told) if told else None
        except ValueError:
            return None

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and self.expires < today

    def _tag(self, key: str) -> str | None:
        return next((thing.tags[key] for thing in self.things if key in thing.tags), None)


def find_sandboxes(
    client: WorkspaceClient, environment: Environment, projects: Sequence[Project]
) -> tuple[FoundSandbox, ...]:
    """All of an environment, by name; what the caller may not see is not among them."""
    tagged = [*_jobs(client, environment), *_endpoints(client, environment)]
    things = [*tagged, *_schemas(client, environment, projects, {thing.sandbox for thing in tagged})]
    names = sorted({thing.sandbox for thing in things})
    return tuple(
        FoundSandbox(name=name, things=tuple(thing for thing in things if thing.sandbox == name)) for name in names
    )


def _jobs(client: WorkspaceClient, environment: Environment) -> Iterator[Thing]:
    for job in client.jobs.list():
        tags = dict(job.settings.tags or {}) if job.settings else {}
        if "sandbox" in tags and tags.get("environment") == environment.name:
            yield Thing(kind="job", name=str(job.settings and job.settings.name), sandbox=tags["sandbox"], tags=tags)


def _endpoints(client: WorkspaceClient, environment: Environment) -> Iterator[Thing]:
    for endpoint in client.serving_endpoints.list():
        tags = {tag.key: str(tag.value) for tag in endpoint.tags or []}
        if "sandbox" in tags and tags.get("environment") == environment.name:
            yield Thing(kind="endpoint", name=str(endpoint.name), sandbox=tags["sandbox"], tags=tags)


def _schemas(
    client: WorkspaceClient, environment: Environment, projects: Sequence[Project], tagged: set[str]
) -> Iterator[Thing]:
    """A schema is called after its sandbox and project; one without a tagged job was left half-made or half-removed."""
    catalog = environment.catalog.name
    shared = {name for name, _ in environment.catalog.schemas}
    known = {name.replace("-", "_"): name for name in tagged}
    for schema in client.schemas.list(catalog):
        for project in projects:
            who, sign, _ = str(schema.name).rpartition(f"_{project.name}")
            if sign and who and str(schema.name) == f"{who}_{project.name}" and schema.name not in shared:
                yield Thing(
                    kind="schema", name=f"{catalog}.{schema.name}", sandbox=known.get(who, who.replace("_", "-"))
                )
