"""How ingestion fails.

IngestError
├── BadFileError       a file that cannot be loaded; names the file, the line and the fault
├── WorkspaceError     no message of a workspace can be fetched now
│   ├── HostError          the URL is missing, not allowed, or nothing answers there
│   ├── CredentialsError   the workspace refuses the credentials
│   └── ThrottledError     the workspace asks to wait for longer than a run does
├── StoppedError       the run was asked to stop while it waited
└── FetchError         one resource could not be fetched; becomes a row of fetch_attempts
"""

from __future__ import annotations


class IngestError(Exception):
    """The text is one line for the person at the terminal."""


class BadFileError(IngestError):
    """A file that cannot be loaded; nothing of it was stored."""


class WorkspaceError(IngestError):
    """A workspace from which nothing can be fetched now; its messages were not tried."""


class HostError(WorkspaceError):
    """The workspace's URL is missing, not allowed, or does not answer."""


class CredentialsError(WorkspaceError):
    """The workspace refuses the credentials."""


class ThrottledError(WorkspaceError):
    """The workspace asks to wait for longer than a run does."""


class StoppedError(IngestError):
    """The run was asked to stop while it waited; what it waited for was not tried."""


class FetchError(IngestError):
    """One resource could not be fetched.

    Attributes:
        http_status: Status of the answer, None where there was none.
        error_code: The API's code, or TIMEOUT, CONNECTION_ERROR, INVALID_ANSWER.
        retry_after_seconds: How long the API asks to wait, where it said so to a question.
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None,
        error_code: str,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.error_code = error_code
        self.retry_after_seconds = retry_after_seconds
