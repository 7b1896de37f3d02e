"""Request bodies of budget policies."""

from pydantic import BaseModel, ConfigDict


class CustomTag(BaseModel, defer_build=True):
    """A tag that usage is billed under."""

    model_config = ConfigDict(extra="forbid")

    key: str
    value: str | None = None


class BudgetPolicy(BaseModel, defer_build=True):
    """A policy as clients send it; its id is the workspace's to choose."""

    model_config = ConfigDict(extra="forbid")

    policy_id: str | None = None
    policy_name: str | None = None
    custom_tags: list[CustomTag] = []
    binding_workspace_ids: list[int] = []


class CreateBudgetPolicy(BaseModel, defer_build=True):
    """The body of POST; a second call with the same `request_id` makes nothing new."""

    model_config = ConfigDict(extra="forbid")

    policy: BudgetPolicy = BudgetPolicy()
    request_id: str | None = None
