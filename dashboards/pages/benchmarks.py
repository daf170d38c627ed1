"""Benchmarks: does a space answer right, and which spaces have nothing to tell by?"""

from dashboards.datasets.spaces import (
    ACCURACY,
    BENCHMARK_COVERAGE,
    BENCHMARK_REASONS,
    BENCHMARK_RESULTS,
)
from dashboards.parts import (
    Column,
    Page,
    at,
    bar,
    category,
    count,
    line,
    pie,
    row,
    share,
    table,
    total,
)

_NO_RUN = "Empty until genie-ingest evals has found a run."
_WHERE = (Column("workspace", "Workspace"), Column("space", "Space"))

PAGE = Page(
    "benchmarks",
    "Benchmarks",
    (
        row(
            8,
            line(
                "Benchmark accuracy",
                ACCURACY,
                at("created_at", "Run (UTC)"),
                share("accuracy", "Right (%)"),
                category("space", "Space"),
                f"Right answers of a run that went to its end; in review is not right. {_NO_RUN}",
            ).wide(4),
            pie(
                "Spaces with a benchmark",
                BENCHMARK_COVERAGE,
                count("space_id", "Spaces"),
                category("benchmark_status", "Benchmark"),
                "Empty until genie-ingest spaces has run.",
            ),
        ),
        row(
            7,
            table(
                "Spaces and their benchmark",
                BENCHMARK_COVERAGE,
                *_WHERE,
                Column("benchmark_status", "Benchmark"),
                Column("message_count", "Questions asked", "integer"),
                Column("benchmark_count", "Benchmark questions", "integer"),
                Column("run_count", "Runs", "integer"),
                Column("last_run_at", "Last run (UTC)", "datetime"),
                Column("last_accuracy", "Right (%)", "percent"),
                why="The most asked first: there a benchmark is missed most. "
                "Empty until genie-ingest spaces has run.",
            ),
        ),
        row(
            7,
            table(
                "Benchmark runs",
                ACCURACY,
                Column("created_at", "Run (UTC)", "datetime"),
                *_WHERE,
                Column("accuracy_status", "Status"),
                Column("question_count", "Questions", "integer"),
                Column("correct_count", "Right", "integer"),
                Column("needs_review_count", "To review", "integer"),
                Column("accuracy", "Right (%)", "percent"),
                Column("accuracy_change", "Since the run before (%)", "percent"),
                why=_NO_RUN,
            ).wide(4),
            bar(
                "Why answers were not right",
                BENCHMARK_REASONS,
                total("result_count", "Results"),
                category("reason_class", "What to look at"),
                why="Classes of the seed genie_score_reasons; a result may have several. "
                "Empty: no judgement was landed; the API forgets them after about a week.",
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
                why=_NO_RUN,
            ),
        ),
    ),
)
