"""The workspace that the suite is run against, and the record of what it answered.

Without settings it is the local workspace of this test process. `BRICKYARD_CONFORMANCE_PROFILE` names a profile of
databrickscfg: a real scratch workspace, whose caller is an administrator that may create catalogs. Everything is made
under names of its own and removed. `--conformance-record FILE` writes the record (`make conformance`).
"""

import datetime as dt
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import pytest
from databricks.sdk import WorkspaceClient, version
from databricks.sdk.service.iam import ServicePrincipal

from brickyard_local.conformance.records import Observer, Record

RECORD = pytest.StashKey[Record]()


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An administrator's client, and a second principal that holds nothing until it is granted."""

    client: WorkspaceClient
    other: WorkspaceClient
    other_principal: ServicePrincipal
    left_over: ExitStack = field(default_factory=ExitStack)

    @staticmethod
    def name(kind: str) -> str:
        """A name that no other run uses."""
        return f"conf_{kind}_{secrets.token_hex(4)}"

    @property
    def principal(self) -> str:
        """The second principal as grants name it."""
        assert self.other_principal.application_id
        return self.other_principal.application_id


@pytest.fixture(scope="session")
def administrator(request: pytest.FixtureRequest) -> WorkspaceClient:
    profile = os.environ.get("BRICKYARD_CONFORMANCE_PROFILE")
    if profile:
        return WorkspaceClient(profile=profile)
    client: WorkspaceClient = request.getfixturevalue("local_workspace").client()
    return client


@pytest.fixture(scope="session")
def target(administrator: WorkspaceClient) -> Iterator[Target]:
    principal = administrator.service_principals.create(display_name=Target.name("principal"))
    assert principal.id
    with ExitStack() as left_over:
        left_over.callback(administrator.service_principals.delete, principal.id)
        secret = administrator.service_principal_secrets_proxy.create(principal.id)
        other = WorkspaceClient(
            host=administrator.config.host, client_id=principal.application_id, client_secret=secret.secret
        )
        yield Target(client=administrator, other=other, other_principal=principal, left_over=left_over)


@pytest.fixture(scope="session")
def catalog(target: Target) -> str:
    """A catalog of this run."""
    name = target.name("catalog")
    target.client.catalogs.create(name)
    target.left_over.callback(target.client.catalogs.delete, name, force=True)
    return name


@pytest.fixture
def schema(target: Target, catalog: str) -> str:
    """The full name of an empty schema of the test's own."""
    name = target.name("schema")
    target.client.schemas.create(name, catalog)
    return f"{catalog}.{name}"


@pytest.fixture
def cleanup(target: Target) -> Iterator[Callable[..., Any]]:
    """Registers what is to be called when the test ends."""
    with ExitStack() as stack:
        yield stack.callback


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Observer:
    """Notes the calls of this test in the record."""
    record = request.config.stash.get(RECORD, None)
    notes: dict[str, Any] = {}
    if record is not None:
        record.observations[_name(request.node)] = notes
    return Observer(notes=notes)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance-record", type=Path, help="Where to write what the workspace answered")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--conformance-record", None):
        config.stash[RECORD] = Record(
            target=os.environ.get("BRICKYARD_CONFORMANCE_TARGET")
            or ("real" if os.environ.get("BRICKYARD_CONFORMANCE_PROFILE") else "local"),
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            clients={"databricks-sdk": version.__version__, "mlflow": mlflow.__version__},
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    record = item.config.stash.get(RECORD, None)
    if record is not None and (report.when == "call" or report.outcome != "passed"):
        record.outcomes[_name(item)] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    record = session.config.stash.get(RECORD, None)
    if record is not None:
        record.write(session.config.getoption("--conformance-record"))


def _name(item: pytest.Item) -> str:
    return f"{item.path.stem}::{item.name}"
