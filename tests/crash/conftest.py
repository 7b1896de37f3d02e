"""Clients that write without pause and remember what was acknowledged, and the oracle that compares.

Each writer owns what it writes, so its account of it is exact: every change that was answered, and at most one that
was under way when the server was killed and may be there or not.
"""

import hashlib
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

Json = dict[str, Any]
ABSENT = None


@dataclass(kw_only=True)
class Writer(ABC):
    """One thread of load. `acknowledged` maps an object to its state; `pending` is the change under way."""

    name: str
    random: random.Random
    acknowledged: dict[str, Any] = field(default_factory=dict)
    pending: tuple[str, Any] | None = None
    fresh: set[str] = field(default_factory=set)
    answers: int = 0
    number: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self, client: httpx.Client, stop: threading.Event) -> None:
        """Write until the server is gone."""
        self.client = client
        while not stop.is_set():
            try:
                self.step()
            except httpx.TransportError:
                return
            except AssertionError as error:
                self.faults.append(f"{self.name}: {error}")
                return

    @abstractmethod
    def step(self) -> None:
        """One change through `change`."""

    @abstractmethod
    def actual(self, key: str) -> Any:
        """The state of an object as the restarted server tells it; ABSENT when it is not there."""

    def change(self, key: str, state: Any, act: Callable[[], httpx.Response]) -> Json:
        """Do it; once it is answered it must stay."""
        self.pending = (key, state)
        answer = act()
        assert answer.status_code < 300, f"{key}: {answer.status_code} {answer.text[:300]}"
        self.acknowledged[key], self.pending = state, None
        self.fresh.add(key)
        self.answers += 1
        return answer.json() if answer.content.startswith(b"{") else {}

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        """What is not as acknowledged. Settles the change that was under way as what it turned out to be."""
        self.client = client
        wrong, self.faults = self.faults, []
        if self.pending is not None:
            key, wanted = self.pending
            found, before = self.actual(key), self.acknowledged.get(key, ABSENT)
            if found not in (before, wanted):
                wrong.append(f"{self.name}: {key} is half-made: {found}; it was {before}, becoming {wanted}")
            self.acknowledged[key], self.pending = found, None
        for key in self.acknowledged if everything else sorted(self.fresh):
            found = self.actual(key)
            if found != self.acknowledged[key]:
                wrong.append(f"{self.name}: {key} is {found}, acknowledged was {self.acknowledged[key]}")
        self.fresh.clear()
        return wrong

    def next(self) -> int:
        self.number += 1
        return self.number

    def get(self, path: str, **parameters: Any) -> Json | None:
        answer = self.client.get(path, params=parameters)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        body: Json = answer.json()
        return body


_UC = "/api/2.1/unity-catalog"


class Securables(Writer):
    """Catalogs, schemas and volumes, made, renamed, granted and removed."""

    def step(self) -> None:
        catalog = f"{self.name}_{self.next()}"
        self.change(f"catalogs/{catalog}", "", lambda: self.client.post(f"{_UC}/catalogs", json={"name": catalog}))
        for schema in ("a", "b"):
            body = {"name": schema, "catalog_name": catalog, "comment": schema * 50}
            self.change(
                f"schemas/{catalog}.{schema}",
                body["comment"],
                lambda body=body: self.client.post(f"{_UC}/schemas", json=body),
            )
        volume = {"catalog_name": catalog, "schema_name": "a", "name": "v", "volume_type": "MANAGED", "comment": "v"}
        self.change(f"volumes/{catalog}.a.v", "v", lambda: self.client.post(f"{_UC}/volumes", json=volume))
        grant = {"changes": [{"principal": "account users", "add": ["SELECT", "USE_SCHEMA"]}]}
        path = f"permissions/schema/{catalog}.a"
        self.change(path, ["SELECT", "USE_SCHEMA"], lambda: self.client.patch(f"{_UC}/{path}", json=grant))
        self.change(f"schemas/{catalog}.b", ABSENT, lambda: self.client.delete(f"{_UC}/schemas/{catalog}.b"))

    def actual(self, key: str) -> Any:
        found = self.get(f"{_UC}/{key}")
        if found is None:
            return [] if key.startswith("permissions") and self.acknowledged.get(key) is ABSENT else ABSENT
        if key.startswith("permissions"):
            return sorted(p for each in found.get("privilege_assignments", []) for p in each["privileges"]) or ABSENT
        return found.get("comment") or ""


class Jobs(Writer):
    """Jobs with their permissions, changed and deleted."""

    def step(self) -> None:
        number = self.next()
        name = f"{self.name}_{number}"
        job_id = self.create(name)
        reset = {"job_id": job_id, "new_settings": {"name": f"{name}!", "tags": {"n": str(number)}}}
        self.change(f"job {job_id}", f"{name}!", lambda: self.client.post("/api/2.2/jobs/reset", json=reset))
        level = [{"group_name": "users", "permission_level": "CAN_VIEW"}]
        self.change(
            f"acl {job_id}",
            ["CAN_VIEW"],
            lambda: self.client.put(f"/api/2.0/permissions/jobs/{job_id}", json={"access_control_list": level}),
        )
        if number % 3 == 0:
            self.change(
                f"job {job_id}", ABSENT, lambda: self.client.post("/api/2.2/jobs/delete", json={"job_id": job_id})
            )
            del self.acknowledged[f"acl {job_id}"]
            self.fresh.discard(f"acl {job_id}")

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        self.client = client
        if self.pending is not None and self.pending[1] is ABSENT and self.actual(self.pending[0]) is ABSENT:
            acl = self.pending[0].replace("job", "acl")  # it was deleted, and its permissions go with it
            self.acknowledged.pop(acl, None)
            self.fresh.discard(acl)
        return super().check(client, everything=everything)

    def create(self, name: str) -> int:
        """The id is known only from the answer: until then the job is looked for by its name."""
        key = f"name {name}"
        made = self.change(key, 1, lambda: self.client.post("/api/2.2/jobs/create", json={"name": name}))
        del self.acknowledged[key]
        self.fresh.discard(key)
        self.acknowledged[f"job {made['job_id']}"] = name
        self.fresh.add(f"job {made['job_id']}")
        return int(made["job_id"])

    def actual(self, key: str) -> Any:
        kind, _, rest = key.partition(" ")
        if kind == "name":
            found = self.get("/api/2.2/jobs/list", name=rest) or {}
            return len(found.get("jobs", [])) or ABSENT
        if kind == "job":
            answer = self.client.get("/api/2.2/jobs/get", params={"job_id": rest})
            return ABSENT if answer.status_code == 400 else answer.json()["settings"]["name"]
        found = self.get(f"/api/2.0/permissions/jobs/{rest}") or {}
        entries = [e for e in found.get("access_control_list", []) if e.get("group_name") == "users"]
        return [p["permission_level"] for e in entries for p in e["all_permissions"]] or ABSENT


class Files(Writer):
    """Files, small and in parts, new and overwritten: read back whole, and listed as long as they are."""

    folder = "/Volumes/crash/files/v"

    def step(self) -> None:
        number = self.next()
        key = f"{self.folder}/{self.name}_{self.random.randrange(number // 2 + 1)}"
        content = self.random.randbytes(self.random.choice((0, 10, 5_000, 300_000, 2_000_000)))
        if number % 3:
            self.change(key, _digest(content), lambda: self.put(key, content, overwrite="true"))
        else:
            self.in_parts(key, content + b"x")

    def in_parts(self, key: str, content: bytes) -> None:
        url = f"/api/2.0/fs/files{key}"
        begun = self.client.post(url, params={"action": "initiate-upload", "overwrite": "true"}).json()
        token = begun["multipart_upload"]["session_token"]
        parts = []
        for number, begin in enumerate(range(0, len(content), 700_000), start=1):
            sent = self.put(key, content[begin : begin + 700_000], session_token=token, part_number=str(number))
            parts.append({"part_number": number, "etag": sent.headers["etag"]})
        query = {"action": "complete-upload", "session_token": token}
        self.change(key, _digest(content), lambda: self.client.post(url, params=query, json={"parts": parts}))

    def put(self, key: str, content: bytes, **query: str) -> httpx.Response:
        return self.client.put(f"/api/2.0/fs/files{key}", params=query, content=content)

    def actual(self, key: str) -> Any:
        answer = self.client.get(f"/api/2.0/fs/files{key}")
        return ABSENT if answer.status_code == 404 else _digest(answer.content)

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        wrong = super().check(client, everything=everything)
        listed = client.get(f"/api/2.0/fs/directories{self.folder}").json().get("contents", [])
        known = {key for key, state in self.acknowledged.items() if state is not ABSENT}
        found = {entry["path"] for entry in listed if entry["name"].startswith(f"{self.name}_")}
        return [*wrong, *(f"{self.name}: {path} is listed and nobody wrote it" for path in found - known)]


class Models(Writer):
    """Model versions, registered as mlflow does: created, uploaded, finalized, named by an alias."""

    registry = "/api/2.0/mlflow/unity-catalog"
    files = ("MLmodel", "python_model.pkl")

    def step(self) -> None:
        number = self.next()
        model = f"crash.files.{self.name}_{number}"
        self.change(f"model {model}", 0, lambda: self.post("registered-models/create", name=model))
        self.version(model, 1)
        alias = {"version_num": 1}
        path = f"{_UC}/models/{model}/aliases/champion"
        self.change(f"alias {model}", 1, lambda: self.client.put(path, json=alias))

    def version(self, model: str, version: int) -> None:
        key = f"version {model}/{version}"
        made = self.change(
            key,
            "PENDING_REGISTRATION",
            lambda: self.post("model-versions/create", name=model, source="dbfs:/databricks/mlflow/a"),
        )
        assert made["model_version"]["version"] == str(version)
        for file in self.files:
            url = f"/api/2.0/fs/files/Models/{model.replace('.', '/')}/{version}/{file}"
            content = self.random.randbytes(self.random.choice((20, 400_000)))
            self.change(
                f"file {url}", _digest(content), lambda url=url, content=content: self.client.put(url, content=content)
            )
        self.change(key, "READY", lambda: self.post("model-versions/finalize", name=model, version=str(version)))

    def post(self, path: str, **body: str) -> httpx.Response:
        return self.client.post(f"{self.registry}/{path}", json=body)

    def actual(self, key: str) -> Any:
        kind, _, rest = key.partition(" ")
        if kind == "file":
            answer = self.client.get(rest)
            return ABSENT if answer.status_code == 404 else _digest(answer.content)
        if kind == "model":
            return ABSENT if self.get(f"{_UC}/models/{rest}") is None else 0
        if kind == "alias":
            found = self.get(f"{_UC}/models/{rest}/aliases/champion")
            return ABSENT if found is None else int(found["version"])
        model, _, version = rest.partition("/")
        found = self.get(f"{_UC}/models/{model}/versions/{version}")
        if found is None:
            return ABSENT
        status = str(found["status"])
        if status == "READY":
            folder = self.get(f"/api/2.0/fs/directories/Models/{model.replace('.', '/')}/{version}") or {}
            missing = set(self.files) - {entry["name"] for entry in folder.get("contents", [])}
            return f"READY without {sorted(missing)}" if missing else status
        return status


class Tokens(Writer):
    """Groups and tokens: a token that was given out opens the door, one that was revoked does not."""

    def step(self) -> None:
        group = f"{self.name}_{self.next()}"
        path = "/api/2.0/preview/scim/v2/Groups"
        self.change(f"group {group}", 1, lambda: self.client.post(path, json={"displayName": group}))
        made = self.client.post("/api/2.0/token/create", json={"comment": group}).json()
        self.acknowledged[f"token {made['token_value']}"] = 200
        self.fresh.add(f"token {made['token_value']}")
        if self.number % 2:
            body = {"token_id": made["token_info"]["token_id"]}
            key = f"token {made['token_value']}"
            self.change(key, 401, lambda: self.client.post("/api/2.0/token/delete", json=body))

    def actual(self, key: str) -> Any:
        kind, _, rest = key.partition(" ")
        if kind == "token":
            headers = {"authorization": f"Bearer {rest}"}
            return self.client.get("/api/2.0/preview/scim/v2/Me", headers=headers).status_code
        query = f'displayName eq "{rest}"'
        found = self.get("/api/2.0/preview/scim/v2/Groups", filter=query) or {}
        return len(found.get("Resources", [])) or ABSENT


class Runs(Writer):
    """Runs of a job: each that was given out exists, and none is said to run that does not."""

    job_id = 0
    ended = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")

    def step(self) -> None:
        if not self.job_id:
            task = {"task_key": "t", "spark_python_task": {"python_file": "/Volumes/crash/files/v/task.py"}}
            environment = {"environment_key": "e", "spec": {"environment_version": "4"}}
            settings = {
                "name": self.name,
                "max_concurrent_runs": 4,
                "queue": {"enabled": True},
                "tasks": [{**task, "environment_key": "e"}],
                "environments": [environment],
            }
            answer = self.client.post("/api/2.2/jobs/create", json=settings)
            assert answer.status_code == 200, answer.text
            self.job_id = int(answer.json()["job_id"])
        if self.active() < 4:
            token = f"{self.name}-{self.next()}"
            body = {"job_id": self.job_id, "idempotency_token": token}
            self.pending = (token, True)
            answer = self.client.post("/api/2.2/jobs/run-now", json=body)
            assert answer.status_code == 200, answer.text
            self.acknowledged[f"{answer.json()['run_id']}"] = True
            self.fresh.add(f"{answer.json()['run_id']}")
            self.pending = None
            self.answers += 1

    def active(self) -> int:
        found = self.get("/api/2.2/jobs/runs/list", job_id=self.job_id, active_only="true") or {}
        return len(found.get("runs", []))

    def actual(self, key: str) -> Any:
        if not key.isdecimal():
            return True  # whether it was begun is not known; what it is, is checked with all others
        answer = self.client.get("/api/2.2/jobs/runs/get", params={"run_id": key})
        return answer.status_code == 200

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        wrong = super().check(client, everything=everything)
        self.acknowledged = {key: state for key, state in self.acknowledged.items() if key.isdecimal()}
        return wrong


def _digest(content: bytes) -> str:
    return f"{len(content)} bytes, {hashlib.sha256(content).hexdigest()[:16]}"


@pytest.fixture
def make_writers() -> Callable[[random.Random], list[Writer]]:
    kinds: dict[str, type[Writer]] = {
        "cat_a": Securables,
        "cat_b": Securables,
        "job": Jobs,
        "file_a": Files,
        "file_b": Files,
        "model": Models,
        "token": Tokens,
        "run": Runs,
    }

    def make(chance: random.Random) -> list[Writer]:
        return [
            kind(name=name, random=random.Random(chance.random()))  # noqa: S311 - a sequence that can be repeated
            for name, kind in kinds.items()
        ]

    return make
