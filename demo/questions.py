"""Business questions with the SQL that answers them: our own, or a file of yours."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.catalog import DOMAINS, Domain, Term

_REQUIRED = ("question", "sql")


@dataclass(frozen=True, slots=True)
class Question:
    """A question in a person's words and its SQL.

    Attributes:
        question: The text a person would type.
        sql: One statement in Databricks SQL.
        domain: Name of the subject; questions of one domain are asked in the same spaces.
    """

    question: str
    sql: str
    domain: str


def own_questions() -> tuple[Question, ...]:
    """Return the built-in questions over retail, logistics, hr and finance."""
    return tuple(question for domain in DOMAINS for question in _of_domain(domain))


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read JSON lines of {question, sql, database, category}; `category` is not used.

    Raises:
        ValueError: The file has no question, or a line is not such an object; the message
            names the file and the line.
        OSError: The file cannot be read.
    """
    with path.open(encoding="utf-8") as lines:
        found = tuple(
            _parse(line, f"{path}, line {number}")
            for number, line in enumerate(lines, start=1)
            if line.strip()
        )
    if not found:
        raise ValueError(f"{path}: no question in the file")
    return found


def _parse(line: str, where: str) -> Question:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: not JSON ({error.msg})") from error
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected an object with question and sql")  # noqa: TRY004
    for key in _REQUIRED:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ValueError(f"{where}: {key!r} must be text that is not empty")
    database = entry.get("database") or "general"
    if not isinstance(database, str):
        raise ValueError(f"{where}: 'database' must be text")  # noqa: TRY004
    return Question(entry["question"], entry["sql"], database)


def _of_domain(domain: Domain) -> Iterator[Question]:
    for measure in domain.measures:
        yield _trend(domain, measure)
        yield _compared(domain, measure)
        for dimension in domain.dimensions:
            yield _by_dimension(domain, measure, dimension)
            yield _leaders(domain, measure, dimension)
    for text, sql in domain.specials:
        yield Question(text, sql, domain.name)


def _trend(domain: Domain, measure: Term) -> Question:
    month = f"DATE_TRUNC('MONTH', `{domain.date_column}`)"
    return Question(
        f"How has {measure.phrase} developed month by month this year?",
        f"SELECT {month} AS month, {measure.expression} AS {measure.alias}\n"
        f"FROM {_source(domain)}\n"
        f"WHERE YEAR(`{domain.date_column}`) = YEAR(CURRENT_DATE())\n"
        f"GROUP BY {month}\nORDER BY month",
        domain.name,
    )


def _compared(domain: Domain, measure: Term) -> Question:
    quarter = f"DATE_TRUNC('QUARTER', `{domain.date_column}`)"
    return Question(
        f"Compare {measure.phrase} in the last quarter with the quarter before.",
        f"SELECT {quarter} AS quarter, {measure.expression} AS {measure.alias}\n"
        f"FROM {_source(domain)}\n"
        f"WHERE {quarter} >= ADD_MONTHS(DATE_TRUNC('QUARTER', CURRENT_DATE()), -6)\n"
        f"  AND {quarter} < DATE_TRUNC('QUARTER', CURRENT_DATE())\n"
        f"GROUP BY {quarter}\nORDER BY quarter",
        domain.name,
    )


def _by_dimension(domain: Domain, measure: Term, dimension: Term) -> Question:
    return Question(
        f"What is {measure.phrase} by {dimension.phrase}?",
        f"SELECT {dimension.expression}, {measure.expression} AS {measure.alias}\n"
        f"FROM {_source(domain)}\n"
        f"WHERE {dimension.expression} IS NOT NULL\n"
        f"GROUP BY {dimension.expression}\nORDER BY {measure.alias} DESC",
        domain.name,
    )


def _leaders(domain: Domain, measure: Term, dimension: Term) -> Question:
    return Question(
        f"Show me the {dimension.phrase} with the highest value of {measure.phrase} last month.",
        f"SELECT {dimension.expression}, {measure.expression} AS {measure.alias}\n"
        f"FROM {_source(domain)}\n"
        f"WHERE DATE_TRUNC('MONTH', `{domain.date_column}`)"
        f" = ADD_MONTHS(DATE_TRUNC('MONTH', CURRENT_DATE()), -1)\n"
        f"GROUP BY {dimension.expression}\nORDER BY {measure.alias} DESC\nLIMIT 1",
        domain.name,
    )


def _source(domain: Domain) -> str:
    return ".".join(f"`{part}`" for part in domain.facts.identifier.split("."))
