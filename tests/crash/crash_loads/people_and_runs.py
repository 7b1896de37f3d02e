"""Writers of groups and tokens, and of runs of a job."""

from typing import Any

import httpx

from crash_loads.writer import ABSENT, Writer


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
            self.pending = {token: True}
            answer = self.client.post("/api/2.2/jobs/run-now", json=body)
            assert answer.status_code == 200, answer.text
            self.pending = {f"{answer.json()['run_id']}": True}
            self.acknowledge()

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
