"""How setting up fails.

SetupError
└── StatementError     the warehouse took a statement and could not run it
"""

from __future__ import annotations


class SetupError(Exception):
    """The text is one line for the person at the terminal."""


class StatementError(SetupError):
    """A statement failed.

    Attributes:
        condition: Databricks' error condition, such as SCHEMA_NOT_FOUND; empty if it has none.
    """

    def __init__(self, message: str, condition: str = "") -> None:
        super().__init__(message)
        self.condition = condition
