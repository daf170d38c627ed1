"""How messages fail: types of MessageErrorType with the texts that people read."""

import random
from itertools import accumulate

from demo.model import Failure

SQL_FAILURE_TYPE = "SQL_EXECUTION_EXCEPTION"

_FAILURES = (
    (30, Failure(SQL_FAILURE_TYPE, "The generated query failed to run.")),
    (12, Failure("INVALID_SQL_UNKNOWN_TABLE_EXCEPTION", "The query names an unknown table.")),
    (10, Failure("GENERIC_CHAT_COMPLETION_EXCEPTION", "The model could not answer.")),
    (8, Failure("REPLY_PROCESS_TIMEOUT_EXCEPTION", "The answer took too long.")),
    (8, Failure("WAREHOUSE_ACCESS_MISSING_EXCEPTION", "You cannot use the SQL warehouse.")),
    (6, Failure("TABLES_MISSING_EXCEPTION", "The space has no table that you may read.")),
    (6, Failure("CONTEXT_EXCEEDED_EXCEPTION", "The conversation is too long; start a new one.")),
    (5, Failure("RATE_LIMIT_EXCEEDED_GENERIC_EXCEPTION", "Too many requests; try again later.")),
    (4, Failure("CHAT_COMPLETION_CLIENT_TIMEOUT_EXCEPTION", "The model did not answer in time.")),
    (3, Failure("CONTENT_FILTER_EXCEPTION", "The question was blocked by the content filter.")),
    (3, Failure("DESCRIBE_QUERY_TIMEOUT", "Describing the query took too long.")),
    (2, Failure("WAREHOUSE_NOT_FOUND_EXCEPTION", "The SQL warehouse does not exist.")),
    (2, Failure("FUNCTION_ARGUMENTS_INVALID_JSON_EXCEPTION", "The model's call is not JSON.")),
    (1, Failure("UNEXPECTED_REPLY_PROCESS_EXCEPTION", "Something unexpected happened.")),
)
_CHOICES = [failure for _, failure in _FAILURES]
_WEIGHTS = list(accumulate(weight for weight, _ in _FAILURES))


def draw_failure(draws: random.Random) -> Failure:
    """Draw one of the failures, the common ones more often."""
    return draws.choices(_CHOICES, cum_weights=_WEIGHTS)[0]
