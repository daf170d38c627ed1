"""The `serialized_space` of a Genie space: a JSON document, here in versions 2 and 1.

Rules of version 2: ids are 32 lower-case hex digits; tables are sorted by identifier, column
configurations by name, everything else by id; text is an array of lines that keep their
line ends; keys are absent when empty; a join carries its relationship as a comment.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from demo.catalog import CATALOG, DOMAINS, Column, Domain, Table
from demo.ids import hex_id
from demo.questions import Question

Json = dict[str, Any]

_EXAMPLES = 4
_BENCHMARKS = 5
_SAMPLES = 3
_SOURCE = re.compile(r"\b(?:FROM|JOIN)\s+([A-Za-z_][\w.]*)", re.IGNORECASE)
_NOT_TABLES = frozenset({"select", "lateral", "unnest", "generate_series", "values"})
_MANY_TO_ONE = "--rt=FROM_RELATIONSHIP_TYPE_MANY_TO_ONE--"


def domain_named(name: str) -> Domain | None:
    """Return our own domain of that name, or nothing for one from a file of questions."""
    return next((domain for domain in DOMAINS if domain.name == name), None)


def tables_of(name: str, questions: Iterable[Question]) -> tuple[Table, ...]:
    """Return the tables of a domain; for a foreign one, those that its SQL reads."""
    domain = domain_named(name)
    if domain:
        return (domain.facts, domain.lookup)
    schema = re.sub(r"\W", "_", name).lower()
    found = {
        match.split(".")[-1].lower()
        for question in questions
        for match in _SOURCE.findall(question.sql)
    }
    tables = sorted(found - _NOT_TABLES) or ["facts"]
    return tuple(Table(f"{CATALOG}.{schema}.{table}", "", ()) for table in tables[:30])


def full_config(space_id: str, name: str, questions: Sequence[Question]) -> Json:
    """Return a well-kept space: every kind of setting that the format knows."""
    domain = domain_named(name)
    tables = tables_of(name, questions)
    config: Json = {
        "version": 2,
        "config": {"sample_questions": _samples(space_id, questions)},
        "data_sources": {"tables": _tables(tables)},
        "instructions": {
            "text_instructions": [_text_instruction(space_id, name)],
            "example_question_sqls": _examples(space_id, questions, domain),
        },
        "benchmarks": {"questions": _benchmarks(space_id, questions)},
    }
    if domain:
        config["data_sources"]["metric_views"] = [_metric_view(domain)]
        config["instructions"] |= _own_instructions(space_id, domain)
    return config


def bare_config(tables: Sequence[Table]) -> Json:
    """Return a space that nobody has configured beyond naming one table."""
    return {"version": 2, "data_sources": {"tables": [{"identifier": tables[0].identifier}]}}


def old_config(space_id: str, tables: Sequence[Table], questions: Sequence[Question]) -> Json:
    """Return a space as the first version of the format wrote it."""
    return {
        "version": 1,
        "config": {"sample_questions": _samples(space_id, questions)},
        "data_sources": {"tables": _tables(tables, is_old=True)},
        "instructions": {"example_question_sqls": _examples(space_id, questions, None)},
    }


def _by_id(entries: Iterable[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: str(entry["id"]))


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _samples(space_id: str, questions: Sequence[Question]) -> list[Json]:
    return _by_id(
        {"id": hex_id(space_id, "sample", number), "question": [question.question]}
        for number, question in enumerate(questions[:_SAMPLES])
    )


def _tables(tables: Sequence[Table], *, is_old: bool = False) -> list[Json]:
    return [_table(table, is_old) for table in sorted(tables, key=lambda one: one.identifier)]


def _table(table: Table, is_old: bool) -> Json:
    entry: Json = {"identifier": table.identifier}
    if table.description:
        entry["description"] = [table.description]
    if table.columns:
        columns = sorted(table.columns, key=lambda column: column.name)
        entry["column_configs"] = [_column(column, is_old) for column in columns]
    return entry


def _column(column: Column, is_old: bool) -> Json:
    entry: Json = {"column_name": column.name, "description": [column.description]}
    if column.synonyms:
        entry["synonyms"] = list(column.synonyms)
    if column.hidden:
        return entry | {"exclude": True}
    if is_old:
        return entry | {"get_example_values": True, "build_value_dictionary": True}
    return entry | {
        "exclude": False,
        "enable_format_assistance": True,
        "enable_entity_matching": bool(column.synonyms),
    }


def _metric_view(domain: Domain) -> Json:
    return {
        "identifier": f"{CATALOG}.{domain.name}.{domain.name}_metrics",
        "description": [f"Agreed measures of {domain.title}"],
        "column_configs": [
            {
                "column_name": "period",
                "description": ["First day of the month"],
                "enable_format_assistance": True,
            }
        ],
    }


def _text_instruction(space_id: str, name: str) -> Json:
    return {
        "id": hex_id(space_id, "text"),
        "content": [
            "## PURPOSE\n",
            f"- Answer questions about {name.replace('_', ' ')}.\n",
            "\n",
            "## RULES\n",
            "- A week starts on Monday; 'last month' is the previous calendar month.\n",
            "- Round amounts to two decimal places.\n",
        ],
    }


def _examples(space_id: str, questions: Sequence[Question], domain: Domain | None) -> list[Json]:
    plain = [
        {
            "id": hex_id(space_id, "example", number),
            "question": [question.question],
            "sql": _lines(question.sql),
        }
        for number, question in enumerate(questions[-_EXAMPLES:])
    ]
    return _by_id([*plain, _parametrised(space_id, domain)] if domain else plain)


def _parametrised(space_id: str, domain: Domain) -> Json:
    measure, dimension = domain.measures[0], domain.dimensions[0]
    return {
        "id": hex_id(space_id, "example", "parametrised"),
        "question": [f"Show {measure.phrase} for one {dimension.phrase}"],
        "sql": _lines(
            f"SELECT {measure.expression} AS {measure.alias}\n"
            f"FROM {domain.facts.identifier}\nWHERE {dimension.expression} = :{dimension.alias}"
        ),
        "parameters": [
            {
                "name": dimension.alias,
                "type_hint": "STRING",
                "description": [f"The {dimension.phrase} to look at"],
                "default_value": {"values": ["north"]},
            }
        ],
        "usage_guidance": [f"Use when someone names one {dimension.phrase}"],
    }


def _own_instructions(space_id: str, domain: Domain) -> Json:
    function = {
        "id": hex_id(space_id, "function"),
        "identifier": f"{CATALOG}.{domain.name}.fiscal_quarter",
        "description": "The fiscal quarter of a date; the fiscal year starts on 1 April",
    }
    return {
        "sql_functions": [function],
        "join_specs": [_join(space_id, domain)],
        "sql_snippets": _snippets(space_id, domain),
    }


def _join(space_id: str, domain: Domain) -> Json:
    left, right = (table.identifier for table in (domain.facts, domain.lookup))
    key = domain.lookup.columns[0].name
    sides = [identifier.split(".")[-1] for identifier in (left, right)]
    return {
        "id": hex_id(space_id, "join"),
        "left": {"identifier": left, "alias": sides[0]},
        "right": {"identifier": right, "alias": sides[1]},
        "sql": [f"`{sides[0]}`.`{key}` = `{sides[1]}`.`{key}`", _MANY_TO_ONE],
        "comment": [f"Every row of {sides[0]} belongs to one of {sides[1]}"],
        "instruction": [f"Use this join for any question about {sides[1]}"],
    }


def _snippets(space_id: str, domain: Domain) -> Json:
    table = domain.facts.identifier.split(".")[-1]
    dated = f"{table}.{domain.date_column}"
    recent = {
        "id": hex_id(space_id, "filter"),
        "display_name": "last 30 days",
        "sql": [f"{dated} >= DATE_SUB(CURRENT_DATE(), 30)"],
        "synonyms": ["recent", "the past month"],
        "instruction": ["Apply when someone asks for recent figures"],
        "comment": ["Thirty days, not the calendar month"],
    }
    year = {
        "id": hex_id(space_id, "expression"),
        "alias": "calendar_year",
        "display_name": "Calendar year",
        "sql": [f"YEAR({dated})"],
        "synonyms": ["year"],
        "instruction": ["Use for any grouping by year"],
        "comment": ["Not the fiscal year"],
    }
    measures = [
        {
            "id": hex_id(space_id, "measure", measure.alias),
            "alias": measure.alias,
            "display_name": measure.phrase.removeprefix("the ").capitalize(),
            "sql": [measure.expression],
            "synonyms": [measure.alias.replace("_", " ")],
            "instruction": [f"Use for {measure.phrase}"],
            "comment": ["Agreed with the data owners"],
        }
        for measure in domain.measures
    ]
    return {"filters": [recent], "expressions": [year], "measures": _by_id(measures)}


def _benchmarks(space_id: str, questions: Sequence[Question]) -> list[Json]:
    chosen = questions[:: max(1, len(questions) // _BENCHMARKS)][:_BENCHMARKS]
    return _by_id(
        {
            "id": hex_id(space_id, "benchmark", number),
            "question": [question.question],
            "answer": [{"format": "SQL", "content": _lines(question.sql)}],
        }
        for number, question in enumerate(chosen)
    )
