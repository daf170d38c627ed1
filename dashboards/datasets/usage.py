"""Who asks what, where and when."""

from dashboards.datasets.labels import NO_AUDIT, NO_QUESTION, SPACE, WORKSPACE
from dashboards.parts import Dataset

QUESTIONS = Dataset(
    "questions",
    "Questions",
    "genie_questions",
    ("workspace", "space", "message_key", "conversation_id", "asked_date", "asked_by", "channel"),
    empty=NO_QUESTION,
)
HOURS = Dataset(
    "hours",
    "Questions by hour and weekday",
    "genie_questions",
    ("workspace", "message_key", "asked_hour", "asked_weekday"),
    empty=NO_QUESTION,
)
SPACE_USAGE = Dataset(
    "space_usage",
    "Usage of spaces, by the audit log",
    "genie_space_metrics",
    (
        *(WORKSPACE, SPACE, "conversation_count", "message_count", "user_count"),
        *("rejected_ask_count", "first_event_time", "last_event_time"),
    ),
    order="message_count desc",
    empty=NO_AUDIT,
)
CONVERSATIONS = Dataset(
    "conversations",
    "Conversations",
    "genie_conversations",
    (
        *(WORKSPACE, SPACE, "title", "created_at", "first_event_time", "last_event_time"),
        *("known_message_count", "fetched_message_count", "gone_message_count"),
    ),
    order="last_event_time desc",
    empty=NO_AUDIT,
)
USERS = Dataset(
    "users",
    "Who asks",
    "genie_users",
    (
        *("workspace", "asked_by", "habit", "question_count", "conversation_count", "space_count"),
        *("active_days", "answered_ratio", "first_asked_at", "last_asked_at"),
    ),
    order="question_count desc",
    empty=NO_QUESTION,
)
ADOPTION = Dataset(
    "adoption",
    "Users over time",
    "genie_questions",
    ("workspace", "space", "asked_date", "asked_by"),
    empty=NO_QUESTION,
)
