"""Bodies of permission requests."""

from pydantic import BaseModel, ConfigDict, model_validator


class AccessControl(BaseModel, defer_build=True):
    """One principal and its level: exactly one of the three names."""

    model_config = ConfigDict(extra="forbid")

    user_name: str | None = None
    group_name: str | None = None
    service_principal_name: str | None = None
    permission_level: str

    @model_validator(mode="after")
    def _one_principal(self) -> "AccessControl":
        named = [name for name in (self.user_name, self.group_name, self.service_principal_name) if name]
        if len(named) != 1:
            message = "give exactly one of user_name, group_name, service_principal_name"
            raise ValueError(message)
        return self

    @property
    def principal(self) -> str:
        return self.user_name or self.group_name or self.service_principal_name or ""


class AccessControlList(BaseModel, defer_build=True):
    """The body of PUT (the whole list) and PATCH (what changes)."""

    model_config = ConfigDict(extra="forbid")

    access_control_list: list[AccessControl] = []
