"""Errors in the shape of the SCIM protocol, which clients of SCIM paths read.

Source: RFC 7644, section 3.12; the provider's and the SDKs' parsers take `detail` as the message.
"""

from http import HTTPStatus

from brickyard_local.errors import ApiError


class ScimError(ApiError):
    """Base of SCIM refusals; Raised when a SCIM request breaks a rule of the protocol."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "INVALID_PARAMETER_VALUE"

    def body(self) -> dict[str, object]:
        """The error as RFC 7644 shapes it."""
        return {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": self.message,
            "status": str(int(self.status)),
        }


class ScimConflict(ScimError):
    """Raised when a principal of that name exists already."""

    status = HTTPStatus.CONFLICT
    error_code = "RESOURCE_ALREADY_EXISTS"


class ScimNotFound(ScimError):
    """Raised when no principal has that id."""

    status = HTTPStatus.NOT_FOUND
    error_code = "RESOURCE_DOES_NOT_EXIST"
