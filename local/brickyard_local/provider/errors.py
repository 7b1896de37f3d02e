"""Errors of the offline provider. Each becomes one Terraform diagnostic: summary and detail."""

_MISSING = frozenset({"NOT_FOUND", "RESOURCE_DOES_NOT_EXIST"})


class ProviderError(Exception):
    """Base of what a user may see. The first line is the summary, `detail` says how to fix it."""

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail


class ForeignHost(ProviderError):
    """Raised when the provider is pointed at anything but this machine."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The offline provider refuses {host}",
            "It only talks to a local workspace (localhost, 127.0.0.0/8, ::1). Use the genuine databricks/databricks "
            "provider for every other host.",
        )


class NotConfigured(ProviderError):
    """Raised when a call is made before host and token are known."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"The offline provider has no {missing}",
            "Set `host` and `token`, or `profile` and `config_file`, in the provider block, or DATABRICKS_HOST and "
            "DATABRICKS_TOKEN, or DATABRICKS_CONFIG_FILE and DATABRICKS_CONFIG_PROFILE, in the environment.",
        )


class BadProfile(ProviderError):
    """Raised when the configuration file or the profile in it cannot be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"Cannot read the profile from {path}", reason)


class Unreachable(ProviderError):
    """Raised when the local workspace does not answer."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"The local workspace at {host} does not answer", f"{reason}. Start it, then run again.")


class ApiError(ProviderError):
    """Raised when the workspace answers with an error status."""

    def __init__(self, call: str, status: int, error_code: str, message: str) -> None:
        super().__init__(message or f"HTTP {status}", f"{call} answered {status} {error_code}".rstrip())
        self.status = status
        self.error_code = error_code

    @property
    def is_missing(self) -> bool:
        """Whether the object does not exist: the resource leaves the state."""
        return self.status == 404 or self.error_code in _MISSING


class NotEmulated(ProviderError):
    """Raised for resources and data sources which the binding knows and this provider does not."""

    def __init__(self, kind: str, type_name: str) -> None:
        super().__init__(
            f"The offline provider does not emulate the {kind} {type_name}",
            f"Plan this stack with the genuine databricks/databricks provider, or leave {type_name} out locally.",
        )


class NotKept(ProviderError):
    """Raised when the workspace accepted a configured value and does not report it back."""

    def __init__(self, type_name: str, paths: list[str]) -> None:
        super().__init__(
            f"{type_name}: the local workspace did not keep {', '.join(paths)}",
            "The value was accepted, and is not in what the workspace reports back: the local workspace does not "
            "emulate it. The object is marked tainted or unchanged in state; nothing was invented.",
        )


class InvalidValue(ProviderError):
    """Raised when a configured value breaks a rule of the provider."""


class NotAnAccount(ProviderError):
    """Raised when an account's resource is asked of a workspace."""

    def __init__(self, type_name: str) -> None:
        super().__init__(
            f"{type_name} is made by a provider of the account",
            "Set `account_id` in the provider block.",
        )


class WrongImportId(ProviderError):
    """Raised when an import id does not have the form the resource asks for."""

    def __init__(self, type_name: str, got: str, form: str) -> None:
        super().__init__(f"{type_name} cannot be imported by {got!r}", f"The id has the form {form}.")


class BindingUnreadable(ProviderError):
    """Raised when the installed cdktf binding does not have the layout the schemas are derived from."""


class Vanished(ProviderError):
    """Raised when an object is not there although it was just written or named for import."""

    def __init__(self, type_name: str, object_id: str) -> None:
        super().__init__(
            f"{type_name} {object_id} does not exist", "The local workspace does not know an object of that id."
        )


class UnexpectedAnswer(ProviderError):
    """Raised when the workspace's answer lacks what Databricks always sends, or has it in another form."""

    def __init__(self, type_name: str, error: Exception) -> None:
        super().__init__(
            f"{type_name}: the local workspace's answer cannot be read",
            f"{type(error).__name__}: {error}. This is an error of the local workspace or of the offline provider.",
        )
