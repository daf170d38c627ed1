"""Answers of the API other than success: {"error_code", "message", "details"}.

ApiError                 an answer that is not 2xx
|-- bad_request          400 INVALID_PARAMETER_VALUE
|-- not_a_query          400 BAD_REQUEST
|-- unauthenticated      401 UNAUTHENTICATED
|-- forbidden            403 PERMISSION_DENIED
|-- not_found            404 RESOURCE_DOES_NOT_EXIST
|-- trashed              404 RESOURCE_DOES_NOT_EXIST
|-- conflict             409 RESOURCE_CONFLICT
`-- too_many_questions   429 RESOURCE_EXHAUSTED
"""

import uuid
from http import HTTPStatus
from typing import Any

Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]

_NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"


class ApiError(Exception):
    """An answer of the API other than success."""

    def __init__(self, status: HTTPStatus, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def payload(self) -> Json:
        """Return the body, with a request id of its own."""
        info = {
            "@type": "type.googleapis.com/google.rpc.RequestInfo",
            "request_id": str(uuid.uuid4()),
            "serving_data": "",
        }
        return {"error_code": self.code, "message": str(self), "details": [info]}


def bad_request(message: str) -> ApiError:
    """Return a 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)


def not_a_query(attachment_id: str) -> ApiError:
    """Return a 400: the attachment has no result to show."""
    return ApiError(
        HTTPStatus.BAD_REQUEST,
        "BAD_REQUEST",
        f"Attachment with ID {attachment_id} is not a valid query attachment.",
    )


def unauthenticated() -> ApiError:
    """Return a 401: no token, a wrong one, or one that has expired."""
    return ApiError(
        HTTPStatus.UNAUTHORIZED,
        "UNAUTHENTICATED",
        "Credential was not sent, is invalid or has expired.",
    )


def forbidden(space_id: str) -> ApiError:
    """Return a 403: the caller has not the rights on the space that this takes."""
    return ApiError(
        HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", f"You need more permissions on space {space_id}."
    )


def not_found(kind: str, identifier: str) -> ApiError:
    """Return a 404: there is no such thing, or no longer."""
    return ApiError(HTTPStatus.NOT_FOUND, _NOT_FOUND, f"{kind} {identifier} does not exist.")


def trashed(space_id: str) -> ApiError:
    """Return a 404: the space is in the trash."""
    return ApiError(HTTPStatus.NOT_FOUND, _NOT_FOUND, f"Space {space_id} has been trashed.")


def conflict(what: str) -> ApiError:
    """Return a 409: somebody else has changed it since."""
    return ApiError(HTTPStatus.CONFLICT, "RESOURCE_CONFLICT", f"The etag of {what} is another one.")


def too_many_questions(retry_after: int) -> ApiError:
    """Return a 429: the workspace takes no more questions this minute."""
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "RESOURCE_EXHAUSTED",
        "Too many questions; try again later.",
        (("Retry-After", str(retry_after)),),
    )
