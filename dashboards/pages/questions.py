"""Questions to Act On: what is asked again and again, and what gets no answer?"""

from dashboards.datasets.answers import (
    DUPLICATES,
    FAILURE_TYPES,
    NEVER_ANSWERED,
    REPEATED,
    TOPICS,
    UNANSWERED,
)
from dashboards.parts import (
    Column,
    Page,
    bar,
    category,
    count,
    counter,
    row,
    table,
    text,
    total,
)

_SPACE = Column("space", "Space")
_QUESTION = Column("normalised_question", "Question")
_NO_TEXTS = (
    "Empty where the texts were redacted or purged, and on Postgres, where dbt runs no Python "
    "models."
)

PAGE = Page(
    "questions-to-act-on",
    "Questions to Act On",
    (
        row(
            2,
            text(
                "What would help most",
                "What many ask is worth certified SQL; what nobody gets answered, an instruction "
                "or a table. Questions in lower case, without punctuation.",
            ),
        ),
        row(
            2,
            counter(
                "Questions asked in several conversations",
                REPEATED,
                count("normalised_question", "Questions"),
                "By space; those that differ in case and punctuation only are one.",
            ),
            counter(
                "Questions that never got an answer",
                NEVER_ANSWERED,
                count("normalised_question", "Questions"),
                "By space; each try failed, was refused or got an empty answer.",
            ),
            counter(
                "Messages without an answer",
                UNANSWERED,
                count("message_key", "Messages"),
                "Failed, refused, empty, or Genie asked back.",
            ),
        ),
        row(
            6,
            bar(
                "Without an answer, by outcome",
                UNANSWERED,
                count("message_key", "Messages"),
                category("outcome", "Outcome"),
                why="Empty: all were answered.",
            ),
            bar(
                "What became of the next question",
                UNANSWERED,
                count("message_key", "Messages"),
                category("next_outcome", "Next question of the conversation"),
                why="Answered: whoever asked may have found a way. Empty: all were answered.",
            ),
            bar(
                "Failures by who can mend them",
                FAILURE_TYPES,
                total("failed_count", "Failures"),
                category("error_owner", "Who"),
                why="Owners of the seed genie_error_types. Empty: nothing failed.",
            ),
        ),
        row(
            7,
            table(
                "Questions without an answer",
                UNANSWERED,
                Column("asked_at", "Asked (UTC)", "datetime"),
                _SPACE,
                _QUESTION,
                Column("outcome", "Outcome"),
                Column("error_type", "Error"),
                Column("error_owner", "Who can mend it"),
                Column("next_outcome", "Next question"),
                Column("is_answered_next", "Answered then", "boolean"),
                why="The newest first. Empty: all were answered.",
            ),
        ),
        row(
            7,
            table(
                "Asked again and again",
                REPEATED,
                _SPACE,
                _QUESTION,
                Column("ask_count", "Asked", "integer"),
                Column("user_count", "Users", "integer"),
                Column("answered_count", "Answered", "integer"),
                Column("unanswered_count", "Not answered", "integer"),
                Column("negative_count", "Rated negative", "integer"),
                Column("last_asked_at", "Last asked (UTC)", "datetime"),
                why="In more than one conversation. Empty where texts were redacted or purged.",
            ),
        ),
        row(
            7,
            table(
                "Never answered",
                NEVER_ANSWERED,
                _SPACE,
                _QUESTION,
                Column("ask_count", "Asked", "integer"),
                Column("user_count", "Users", "integer"),
                Column("unanswered_count", "Not answered", "integer"),
                Column("last_asked_at", "Last asked (UTC)", "datetime"),
                why="Empty: each got an answer once, or texts were redacted or purged.",
            ),
            table(
                "Failures by space and type",
                FAILURE_TYPES,
                _SPACE,
                Column("error_owner", "Who can mend it"),
                Column("error_class", "Class"),
                Column("error_type", "Error"),
                Column("failed_count", "Failures", "integer"),
                Column("user_count", "Users", "integer"),
                Column("message_share", "Of its questions (%)", "percent"),
                why="Empty: nothing failed.",
            ),
        ),
        row(
            7,
            bar(
                "Topics",
                TOPICS,
                total("topic_ask_count", "Questions"),
                category("topic", "Words that mark it"),
                why=f"Topics of each space, by their words. {_NO_TEXTS}",
            ).wide(2),
            table(
                "Topics by space",
                TOPICS,
                _SPACE,
                Column("topic", "Words that mark it"),
                Column("normalised_question", "Typical question"),
                Column("topic_question_count", "Different questions", "integer"),
                Column("topic_ask_count", "Asked", "integer"),
                Column("topic_answered_count", "Answered", "integer"),
                why=_NO_TEXTS,
            ),
        ),
        row(
            7,
            table(
                "Nearly the same",
                DUPLICATES,
                _SPACE,
                Column("leading_question", "Most asked question"),
                Column("normalised_question", "Says nearly the same"),
                Column("similarity", "Similarity (%)", "percent"),
                Column("ask_count", "Asked", "integer"),
                Column("group_ask_count", "Asked, all near ones", "integer"),
                Column("group_answered_count", "Answered of these", "integer"),
                why=f"One certified answer may serve them all. {_NO_TEXTS}",
            ),
        ),
    ),
)
