"""The catalogue of errors that the local workspace answers: status, error code, message.

Services raise them, one handler in `app` answers, routes never catch.
Source: docs.databricks.com/api/workspace/introduction (error codes); databricks-sdk's error mapping.
"""

from http import HTTPStatus


class LocalWorkspaceError(Exception):
    """Base of every error of this package."""


class CannotStart(LocalWorkspaceError):
    """Raised when the server cannot start: port taken, home in use, state unreadable."""


class ApiError(LocalWorkspaceError):
    """Raised when a request cannot be answered as asked; becomes `{"error_code", "message"}`."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    error_code: str = "INTERNAL_ERROR"

    def __init__(self, message: str, *, error_code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code or self.error_code
        self.status = status or self.status

    def body(self) -> dict[str, object]:
        """The JSON that the client receives."""
        return {"error_code": self.error_code, "message": self.message}


class InvalidParameter(ApiError):
    """Raised when a field has a value that the rule of its API refuses."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "INVALID_PARAMETER_VALUE"


class MalformedRequest(ApiError):
    """Raised when the body is not JSON or lacks its shape."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "MALFORMED_REQUEST"


class InvalidState(ApiError):
    """Raised when the object is not in a state that allows the call, e.g. a schema that is not empty."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "INVALID_STATE"


class Unauthenticated(ApiError):
    """Raised when the token is missing, unknown, revoked or expired."""

    status = HTTPStatus.UNAUTHORIZED
    error_code = "UNAUTHENTICATED"


class PermissionDenied(ApiError):
    """Raised when the caller lacks the privilege or permission level that the call needs."""

    status = HTTPStatus.FORBIDDEN
    error_code = "PERMISSION_DENIED"


class NotFound(ApiError):
    """Raised when the named object does not exist (or may not be seen)."""

    status = HTTPStatus.NOT_FOUND
    error_code = "RESOURCE_DOES_NOT_EXIST"


class AlreadyExists(ApiError):
    """Raised when an object of that name exists already."""

    status = HTTPStatus.CONFLICT
    error_code = "RESOURCE_ALREADY_EXISTS"


class ResourceConflict(ApiError):
    """Raised when the call loses against one that is under way."""

    status = HTTPStatus.CONFLICT
    error_code = "RESOURCE_CONFLICT"


class PreconditionFailed(ApiError):
    """Raised when a file exists and may not be overwritten, or an etag is stale."""

    status = HTTPStatus.PRECONDITION_FAILED
    error_code = "PRECONDITION_FAILED"


class TemporarilyUnavailable(ApiError):
    """Raised when a child process that must answer is not ready; clients retry."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    error_code = "TEMPORARILY_UNAVAILABLE"


class TooManyRequests(ApiError):
    """Raised when a rate limit is reached; `retry_after_s` says when to try again."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "REQUEST_LIMIT_EXCEEDED"

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotEmulated(ApiError):
    """Raised for what the local workspace does not do: it never invents a success."""

    status = HTTPStatus.NOT_IMPLEMENTED
    error_code = "NOT_IMPLEMENTED"

    def __init__(self, what: str) -> None:
        super().__init__(f"The local workspace does not emulate {what}.")
