"""Performance & Quality: how fast and how good are answers?"""

from dashboards.datasets import (
    ACCURACY,
    ANSWERS,
    BENCHMARK_RESULTS,
    ERRORS,
    FEEDBACK,
    LATENCY,
    RATINGS,
)
from dashboards.parts import (
    Column,
    Page,
    area,
    at,
    bar,
    by_day,
    by_week,
    category,
    count,
    counter,
    line,
    pie,
    row,
    seconds,
    share,
    table,
)

PAGE = Page(
    "performance-quality",
    "Performance & Quality",
    (
        row(
            2,
            counter(
                "Median wait (s)",
                LATENCY,
                seconds("latency_seconds", 0.5, "Seconds"),
                "Half of the answers took longer.",
            ),
            counter(
                "95th percentile of the wait (s)",
                LATENCY,
                seconds("latency_seconds", 0.95, "Seconds"),
                "One in 20 took longer.",
            ),
            counter(
                "Median time of the SQL (s)",
                LATENCY,
                seconds("query_seconds", 0.5, "Seconds"),
                "Of final statements that query history knows. Empty without them.",
            ),
        ),
        row(
            6,
            line(
                "Median wait by day (s)",
                LATENCY,
                by_day("asked_date"),
                seconds("latency_seconds", 0.5, "Seconds"),
            ),
            bar(
                "Median wait by space (s)",
                LATENCY,
                seconds("latency_seconds", 0.5, "Seconds"),
                category("space", "Space"),
            ),
        ),
        row(
            6,
            area(
                "Questions by outcome",
                ANSWERS,
                by_week("asked_date"),
                count("message_key", "Questions"),
                category("outcome", "Outcome"),
            ),
            bar(
                "Errors by class",
                ERRORS,
                count("error_type", "Errors"),
                category("error_class", "Class"),
                why="Classes of the seed genie_error_types. Empty: nothing failed.",
            ),
        ),
        row(
            6,
            pie(
                "Ratings",
                RATINGS,
                count("rating", "Ratings"),
                category("rating", "Rating"),
                "Answers that somebody rated.",
            ),
            line(
                "Rated positive by week",
                RATINGS,
                by_week("asked_date"),
                share("positive_ratio", "Positive (%)"),
                why="Of rated answers.",
            ),
        ),
        row(
            7,
            table(
                "Feedback with question and SQL",
                FEEDBACK,
                Column("asked_at", "Asked (UTC)", "datetime"),
                Column("space", "Space"),
                Column("rating", "Rating"),
                Column("feedback_comment", "Comment"),
                Column("question", "Question"),
                Column("query_sql", "SQL"),
                Column("asked_by", "Asked by"),
                why="Answers that somebody rated. Empty until somebody does.",
            ),
        ),
        row(
            6,
            line(
                "Benchmark accuracy",
                ACCURACY,
                at("created_at", "Run (UTC)"),
                share("accuracy", "Right (%)"),
                category("space", "Space"),
                "Right answers of a run. Empty until genie-ingest evals has found one.",
            ),
        ),
        row(
            7,
            table(
                "Benchmark questions",
                BENCHMARK_RESULTS,
                Column("run_created_at", "Run (UTC)", "datetime"),
                Column("space", "Space"),
                Column("question", "Question"),
                Column("assessment", "Judgement"),
                Column("assessment_reasons", "Reasons"),
                Column("benchmark_answer", "Right answer"),
                Column("actual_response", "Genie's answer"),
                why="Empty until genie-ingest evals has found a run.",
            ),
        ),
    ),
)
