"""Writers of files, and of model versions with theirs."""

from typing import Any

import httpx

from crash_loads.writer import ABSENT, Writer, digest

_UC = "/api/2.1/unity-catalog"


class Files(Writer):
    """Files, small and in parts, new and overwritten: read back whole, and listed as long as they are."""

    folder = "/Volumes/crash/files/v"

    def step(self) -> None:
        number = self.next()
        key = f"{self.folder}/{self.name}_{self.random.randrange(number // 2 + 1)}"
        content = self.random.randbytes(self.random.choice((0, 10, 5_000, 300_000, 2_000_000)))
        if number % 3:
            self.change(key, digest(content), lambda: self.put(key, content, overwrite="true"))
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
        self.change(key, digest(content), lambda: self.client.post(url, params=query, json={"parts": parts}))

    def put(self, key: str, content: bytes, **query: str) -> httpx.Response:
        return self.client.put(f"/api/2.0/fs/files{key}", params=query, content=content)

    def actual(self, key: str) -> Any:
        answer = self.client.get(f"/api/2.0/fs/files{key}")
        return ABSENT if answer.status_code == 404 else digest(answer.content)

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
                f"file {url}", digest(content), lambda url=url, content=content: self.client.put(url, content=content)
            )
        self.change(key, "READY", lambda: self.post("model-versions/finalize", name=model, version=str(version)))

    def post(self, path: str, **body: str) -> httpx.Response:
        return self.client.post(f"{self.registry}/{path}", json=body)

    def actual(self, key: str) -> Any:
        kind, _, rest = key.partition(" ")
        if kind == "file":
            answer = self.client.get(rest)
            return ABSENT if answer.status_code == 404 else digest(answer.content)
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
