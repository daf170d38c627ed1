"""Questions of a space that say nearly the same: one certified answer may serve them all.

The most asked question leads; each further one joins the first leader that it is near enough to, or
leads itself (the leader algorithm: J. A. Hartigan, Clustering Algorithms, 1975). Nothing is left to
chance. All is in one file, because Databricks runs it alone; there each space is read where its
rows are.
"""

import sys
import threading
from typing import Any

import pyarrow as pa

QUESTIONS_A_SPACE = 2000  # the most asked: their similarities are a table of so many squared
NEAR = 0.9  # cosine of what they share; at 0.8, as many pairs ask for something else
DIGITS = 6  # more would differ from one processor to another

KEYS = (
    *("question_key", "workspace_id", "workspace_name", "space_id", "space_name"),
    "normalised_question",
)
COUNTS = ("question_rank", "ask_count", "answered_count")
DUPLICATES = pa.schema(
    [
        *((name, pa.string()) for name in KEYS),
        ("ask_count", pa.int64()),
        ("answered_count", pa.int64()),
        ("leader_key", pa.string()),
        ("leading_question", pa.string()),
        ("similarity", pa.float64()),
        ("group_question_count", pa.int64()),
        ("group_ask_count", pa.int64()),
        ("group_answered_count", pa.int64()),
    ]
)
SPARK_TYPES = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double"}

Row = dict[str, Any]


def model(dbt: Any, session: Any) -> Any:
    """Return a row per question with a near one: of Spark, or on DuckDB a table of Arrow."""
    dbt.config(  # on Databricks: a serverless job of its own, its notebook for its owner alone
        submission_method="serverless_cluster",
        user_folder_for_python=True,
        environment_key="genie_near_duplicates",
        environment_dependencies=["pyarrow==26.0.1", "scikit-learn==1.9.1"],
    )
    asked = dbt.ref("genie_question_counts").filter(f"question_rank <= {QUESTIONS_A_SPACE}")
    asked = asked.select(*KEYS, *COUNTS)
    if hasattr(session, "createDataFrame"):
        schema = ", ".join(f"{field.name} {SPARK_TYPES[field.type]}" for field in DUPLICATES)
        return asked.groupBy("workspace_id", "space_id").applyInArrow(grouped, schema)
    return by_space(asked.to_arrow_table())


def by_space(asked: pa.Table) -> pa.Table:
    """Group the questions of each space by themselves."""
    spaces: dict[tuple[str, str], list[Row]] = {}
    for row in asked.to_pylist():
        spaces.setdefault((row["workspace_id"], row["space_id"]), []).append(row)
    found = [row for _, rows in sorted(spaces.items()) for row in near_duplicates(rows)]
    return pa.Table.from_pylist(found, schema=DUPLICATES)


def grouped(asked: pa.Table) -> pa.Table:
    """Return the near duplicates among the questions of one space."""
    return pa.Table.from_pylist(near_duplicates(asked.to_pylist()), schema=DUPLICATES)


def near_duplicates(rows: list[Row]) -> list[Row]:
    """Return the questions of a space that are in a group of two or more."""
    rows = sorted(rows, key=lambda row: row["question_rank"])
    groups: dict[int, list[tuple[int, float]]] = {}
    for place, (leader, similarity) in enumerate(leaders([r["normalised_question"] for r in rows])):
        groups.setdefault(leader, []).append((place, similarity))
    found: list[Row] = []
    for leader, members in groups.items():
        if len(members) == 1:
            continue
        whole = {
            "leader_key": rows[leader]["question_key"],
            "leading_question": rows[leader]["normalised_question"],
            "group_question_count": len(members),
            "group_ask_count": sum(rows[place]["ask_count"] for place, _ in members),
            "group_answered_count": sum(rows[place]["answered_count"] for place, _ in members),
        }
        found += [rows[place] | whole | {"similarity": similarity} for place, similarity in members]
    return [{name: row[name] for name in DUPLICATES.names} for row in found]


def leaders(questions: list[str]) -> list[tuple[int, float]]:
    """Return for each question the place of its leader and how similar they are, 1 for itself.

    Similarity is the cosine of TF-IDF weights of runs of 3 to 5 letters within words: what many
    questions of the space share weighs little.
    """
    if len(questions) < 2:  # noqa: PLR2004 - nothing to compare
        return [(place, 1.0) for place in range(len(questions))]
    vectors = vectorizer().fit_transform(questions)
    found: list[tuple[int, float]] = []
    leading: list[int] = []
    for place in range(len(questions)):
        near = vectors[leading] @ vectors[place].T if leading else None
        similarities = near.toarray().ravel().round(DIGITS) if near is not None else []
        matches = [number for number, value in enumerate(similarities) if value >= NEAR]
        if matches:
            best = max(matches, key=lambda number: (similarities[number], -number))
            found.append((leading[best], float(similarities[best])))
        else:
            leading.append(place)
            found.append((place, 1.0))
    return found


def vectorizer() -> Any:
    """Return what weighs the letters of questions."""
    try:
        # dbt runs models in threads: modules that import each other in circles fail in two at once
        with vars(sys).setdefault("genie_imports", threading.Lock()):
            from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise RuntimeError(
            "genie_near_duplicates needs scikit-learn: pip install 'genie-observability[ml]'"
        ) from error
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
