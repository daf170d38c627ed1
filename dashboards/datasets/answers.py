"""What became of questions: answers, waits, ratings, and what got no answer."""

from dashboards.datasets.labels import NO_QUESTION, NO_RATING, SPACE, WORKSPACE
from dashboards.parts import Dataset

ANSWERS = Dataset(
    "answers",
    "Answers and their outcome",
    "genie_questions",
    ("workspace", "message_key", "asked_date", "outcome", "answered_ratio"),
    empty=NO_QUESTION,
)
LATENCY = Dataset(
    "latency",
    "Seconds until answers",
    "genie_questions",
    ("workspace", "space", "asked_date", "latency_seconds", "query_seconds"),
    empty=NO_QUESTION,
)
PHASES = Dataset(
    "phases",
    "Time by phase",
    "genie_latency_by_space_day",
    (WORKSPACE, SPACE, "created_date", "phase_name", "total_seconds"),
    # the other two are made of these
    where="phase_name not in ('end_to_end', 'statement')",
    empty=NO_QUESTION,
)
PHASE_QUANTILES = Dataset(
    "phase_quantiles",
    "Quantiles of each phase",
    "genie_latency_by_space_day",
    (
        *(WORKSPACE, SPACE, "created_date", "phase_name", "p50_ms", "p95_ms", "longest_ms"),
        *("measured_count", "message_count", "latency_status"),
    ),
    order="created_date desc, space, phase_name",
    empty=NO_QUESTION,
)
LATENCY_COVERAGE = Dataset(
    "latency_coverage",
    "What latency rests on",
    "genie_message_latency",
    (WORKSPACE, "message_key", "end_status", "statement_status"),
    empty=NO_QUESTION,
)
ERRORS = Dataset(
    "errors",
    "Errors of answers",
    "genie_questions",
    ("workspace", "asked_date", "error_class", "error_type", "message_key"),
    where="error_type is not null",
)
RATINGS = Dataset(
    "ratings",
    "Ratings",
    "genie_questions",
    ("workspace", "asked_date", "rating", "positive_ratio"),
    where="rating is not null",
    empty=NO_RATING,
)
FEEDBACK = Dataset(
    "feedback",
    "Rated answers with question and SQL",
    "genie_questions",
    (
        *("workspace", "space", "asked_at", "asked_by", "rating", "feedback_comment"),
        *("question", "query_sql"),
    ),
    where="rating is not null",
    order="asked_at desc",
)
FEEDBACK_HISTORY = Dataset(
    "feedback_history",
    "Ratings and comments in order",
    "genie_feedback_details",
    (
        *("workspace", "space", "happened_at", "feedback_kind", "rating", "is_counted", "content"),
        *("given_by", "question", "outcome", "query_sql", "feedback_key"),
    ),
    order="happened_at desc, feedback_key",
)
PROMPTS = Dataset(
    "prompts",
    "Questions with their SQL",
    "genie_questions",
    (
        *("workspace", "space", "asked_at", "asked_by", "question", "outcome", "query_sql"),
        *("latency_seconds", "statement_count"),
    ),
    order="asked_at desc",
    empty=NO_QUESTION,
)
INTELLIGENCE = Dataset(
    "intelligence",
    "Genie's explanations",
    "genie_questions",
    ("workspace", "space", "asked_at", "question", "query_description"),
    order="asked_at desc",
    empty=NO_QUESTION,
)
CONTEXT = Dataset(
    "context",
    "Attachments of answers",
    "genie_question_attachments",
    (
        *("workspace", "space", "asked_at", "question", "attachment_number", "attachment_kind"),
        *("title", "content", "result_row_count", "attachment_key"),
    ),
    order="asked_at desc",
    empty=NO_QUESTION,
)
FAILURES = Dataset(
    "failures",
    "Messages that went wrong",
    "genie_questions",
    ("workspace", "space", "asked_at", "question", "error_class", "error_type", "error_message"),
    where="error_type is not null",
    order="asked_at desc",
)
FAILURE_TYPES = Dataset(
    "failure_types",
    "Failures by who can mend them",
    "genie_failure_taxonomy",
    (
        *(WORKSPACE, SPACE, "error_owner", "error_class", "error_type", "failed_count"),
        *("user_count", "message_share", "last_failed_at"),
    ),
    order="failed_count desc, space, error_type",
)
UNANSWERED = Dataset(
    "unanswered",
    "Questions without an answer, and what came next",
    "genie_unanswered_questions",
    (
        *(WORKSPACE, SPACE, "asked_at", "normalised_question", "outcome", "error_type"),
        *("error_owner", "coalesce(next_outcome, 'nothing was asked') as next_outcome"),
        *("is_answered_next", "message_key"),
    ),
    order="asked_at desc, message_key",
)
NEVER_ANSWERED = Dataset(
    "never_answered",
    "Questions that never got an answer",
    "genie_question_counts",
    (
        *(WORKSPACE, SPACE, "normalised_question", "ask_count", "user_count"),
        *("unanswered_count", "last_asked_at"),
    ),
    where="is_never_answered",
    order="ask_count desc, last_asked_at desc, normalised_question",
)
REPEATED = Dataset(
    "repeated",
    "Questions asked in several conversations",
    "genie_question_counts",
    (
        *(WORKSPACE, SPACE, "normalised_question", "ask_count", "user_count", "answered_count"),
        *("unanswered_count", "negative_count", "last_asked_at"),
    ),
    where="is_repeated",
    order="ask_count desc, last_asked_at desc, normalised_question",
)
TOPICS = Dataset(
    "topics",
    "What questions are about",
    "genie_prompt_topics",
    (
        *(WORKSPACE, SPACE, "coalesce(topic_label, 'no telling words') as topic"),
        *("normalised_question", "is_typical", "topic_ask_count", "topic_question_count"),
        *("topic_answered_count", "ask_count"),
    ),
    where="is_typical",
    order="topic_ask_count desc, space, topic",
)
DUPLICATES = Dataset(
    "duplicates",
    "Questions that say nearly the same",
    "genie_near_duplicates",
    (
        *(WORKSPACE, SPACE, "leading_question", "normalised_question", "similarity"),
        *("ask_count", "group_ask_count", "group_answered_count"),
    ),
    where="question_key <> leader_key",
    order="group_ask_count desc, leading_question, similarity desc, normalised_question",
)
