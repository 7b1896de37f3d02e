"""Servers that keep issues and work items as the published APIs of GitHub and Azure DevOps do."""

from typing import Any

from platforms import Server


class Issues(Server):
    """The issues of `acme/kit`; a pull request is listed among them, as GitHub does."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = [
            {"number": 1, "state": "open", "body": "x", "user": {"type": "User"}, "pull_request": {}, "html_url": "u"}
        ]

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if not path.startswith("/repos/acme/kit/issues"):
            return 404, {"message": "Not Found"}, {}
        if method == "POST":
            number = len(self.items) + 1
            made = {"number": number, "state": "open", "user": {"type": "Bot"}, "html_url": f"{self.url}/{number}"}
            self.items.append(made | body)
            return 201, self.items[-1], {}
        if method == "PATCH":
            self.items[int(path.rpartition("/")[2]) - 1].update(body)
            return 200, self.items[int(path.rpartition("/")[2]) - 1], {}
        return 200, [item for item in self.items if item["state"] == query["state"]], {}

    @property
    def ours(self) -> list[dict[str, Any]]:
        return self.items[1:]

    def is_open(self, item: dict[str, Any]) -> bool:
        return bool(item["state"] == "open")

    def title(self, item: dict[str, Any]) -> str:
        return str(item["title"])


class WorkItems(Server):
    """The work items of the project `ml`, whose process calls its states as Agile does."""

    _HERE = "/ml/_apis/wit"

    def __init__(self) -> None:
        super().__init__()
        self.ours: list[dict[str, Any]] = []

    def refusal(self) -> tuple[int, Any, dict[str, str]]:
        return 203, "<html>sign in</html>", {"content-type": "text/html"}

    def respond(self, method: str, target: str, headers: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
        if isinstance(body, list) and headers["content-type"] != "application/json-patch+json":
            return 415, {"message": "VS403316: use application/json-patch+json"}, {}
        return Server.respond(self, method, target, headers, body)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if query.get("api-version") != "7.1":
            return 400, {"message": "No api-version was supplied"}, {}
        below = path.removeprefix(self._HERE)
        if below == "/wiql":
            tag = body["query"].split("CONTAINS '")[1].split("'")[0]
            found = [item for item in self.ours if tag in item["fields"]["System.Tags"]]
            return 200, {"workItems": [{"id": item["id"]} for item in found]}, {}
        if below == "/workitemtypes/Task/states":
            states = [("New", "Proposed"), ("Active", "InProgress"), ("Closed", "Completed"), ("Removed", "Removed")]
            return 200, {"value": [{"name": name, "category": category} for name, category in states]}, {}
        fields = {each["path"].removeprefix("/fields/"): each["value"] for each in body or ()}
        if method == "POST" and below == "/workitems/$Task":
            made = {"id": len(self.ours) + 1, "fields": {"System.State": "New", **fields}}
            self.ours.append(made)
            return 200, made, {}
        item = self.ours[int(below.rpartition("/")[2]) - 1]
        item["fields"].update(fields)
        return 200, item, {}

    def is_open(self, item: dict[str, Any]) -> bool:
        return item["fields"]["System.State"] not in ("Closed", "Removed")

    def title(self, item: dict[str, Any]) -> str:
        return str(item["fields"]["System.Title"])
