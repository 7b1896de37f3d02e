"""Writers of securables with their grants, and of jobs with their permissions."""

from typing import Any

import httpx

from crash_loads.writer import ABSENT, Writer

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
            self.forget(f"acl {job_id}")

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        self.client = client
        for key, wanted in self.pending.items():
            if wanted is ABSENT and self.actual(key) is ABSENT:  # it was deleted, and its permissions go with it
                self.forget(key.replace("job", "acl"))
        return super().check(client, everything=everything)

    def create(self, name: str) -> int:
        """The id is known only from the answer: until then the job is looked for by its name."""
        key = f"name {name}"
        made = self.change(key, 1, lambda: self.client.post("/api/2.2/jobs/create", json={"name": name}))
        self.forget(key)
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
