"""databricks_jobs."""

from brickyard_local.provider.client import Api
from brickyard_local.provider.data_sources.listing import NO_ID, all_pages
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import DataSource, Found, State


class Jobs(DataSource):
    """The ids of the jobs whose name contains a text, by name or by id."""

    type_name = "databricks_jobs"

    def read(self, api: Api, config: State) -> Found:
        part, key = str(config.get("job_name_contains") or "").lower(), str(config.get("key") or "name")
        if key.lower() not in ("name", "id"):
            raise InvalidValue(f"unsupported key {key}, must be one of name or id")
        ids: dict[str, str] = {}
        for job in all_pages(api, "/api/2.2/jobs/list", "jobs", {"limit": "100"}):
            name, job_id = str(job["settings"].get("name") or ""), str(job["job_id"])
            if part not in name.lower():
                continue
            known_by = name if key.lower() == "name" else job_id
            if known_by in ids:
                raise InvalidValue(f"duplicate job {key} detected: {known_by}")
            ids[known_by] = job_id
        return {"id": NO_ID, "ids": ids, "key": key}
