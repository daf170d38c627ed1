"""What the questions of a space are about: topics, each with the words that mark it.

TF-IDF weights of words and k-means. Seed and threads are fixed, so the same questions give the same
topics. All is in one file, because Databricks runs it alone; there each space is read where its
rows are.
"""

import math
import sys
import threading
from typing import Any

import pyarrow as pa

QUESTIONS_A_SPACE = 2000  # the most asked
MOST_TOPICS = 12
FEWEST_A_TOPIC = 5  # questions, on average
LABEL_WORDS = 3
DIGITS = 6  # more would differ from one processor to another

KEYS = (
    *("question_key", "workspace_id", "workspace_name", "space_id", "space_name"),
    "normalised_question",
)
COUNTS = ("question_rank", "ask_count", "answered_count")
TOPICS = pa.schema(
    [
        *((name, pa.string()) for name in KEYS),
        ("ask_count", pa.int64()),
        ("answered_count", pa.int64()),
        ("topic_number", pa.int64()),
        ("topic_label", pa.string()),
        ("topic_question_count", pa.int64()),
        ("topic_ask_count", pa.int64()),
        ("topic_answered_count", pa.int64()),
        ("similarity", pa.float64()),
        ("is_typical", pa.bool_()),
    ]
)
SPARK_TYPES = {
    pa.string(): "string",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}

Row = dict[str, Any]


def model(dbt: Any, session: Any) -> Any:
    """Return a row per question: of Spark, or on DuckDB a table of Arrow."""
    dbt.config(  # on Databricks: a serverless job of its own, its notebook for its owner alone
        submission_method="serverless_cluster",
        user_folder_for_python=True,
        environment_key="genie_prompt_topics",
        environment_dependencies=["pyarrow==26.0.1", "scikit-learn==1.9.1"],
    )
    asked = dbt.ref("genie_question_counts").filter(f"question_rank <= {QUESTIONS_A_SPACE}")
    asked = asked.select(*KEYS, *COUNTS)
    if hasattr(session, "createDataFrame"):
        schema = ", ".join(f"{field.name} {SPARK_TYPES[field.type]}" for field in TOPICS)
        return asked.groupBy("workspace_id", "space_id").applyInArrow(grouped, schema)
    return by_space(asked.to_arrow_table())


def by_space(asked: pa.Table) -> pa.Table:
    """Find the topics of each space by themselves."""
    spaces: dict[tuple[str, str], list[Row]] = {}
    for row in asked.to_pylist():
        spaces.setdefault((row["workspace_id"], row["space_id"]), []).append(row)
    found = [row for _, rows in sorted(spaces.items()) for row in with_topics(rows)]
    return pa.Table.from_pylist(found, schema=TOPICS)


def grouped(asked: pa.Table) -> pa.Table:
    """Return the questions of one space with their topics."""
    return pa.Table.from_pylist(with_topics(asked.to_pylist()), schema=TOPICS)


def with_topics(rows: list[Row]) -> list[Row]:
    """Return the questions of a space, each with its topic: number 1 is the most asked."""
    rows = sorted(rows, key=lambda row: row["question_rank"])
    numbers, labels, similarities = clusters(
        [row["normalised_question"] for row in rows], [row["ask_count"] for row in rows]
    )
    topics: dict[int, list[int]] = {}
    for place, number in enumerate(numbers):
        topics.setdefault(number, []).append(place)
    asks = {
        number: sum(rows[place]["ask_count"] for place in places)
        for number, places in topics.items()
    }
    ordered = sorted(topics, key=lambda number: (-asks[number], topics[number][0]))
    found: list[Row] = []
    for position, number in enumerate(ordered, start=1):
        places = topics[number]
        typical = max(places, key=lambda place: (similarities[place], -place))
        whole = {
            "topic_number": position,
            "topic_label": labels[number],
            "topic_question_count": len(places),
            "topic_ask_count": asks[number],
            "topic_answered_count": sum(rows[place]["answered_count"] for place in places),
        }
        found += [
            rows[place]
            | whole
            | {"similarity": similarities[place], "is_typical": place == typical}
            for place in places
        ]
    return [{name: row[name] for name in TOPICS.names} for row in found]


def clusters(
    questions: list[str], weights: list[int]
) -> tuple[list[int], dict[int, str | None], list[float]]:
    """Return each question's topic, each topic's label, and how near a question is to its centre.

    Without a word that means something, all is one topic without a label.
    """
    try:
        # dbt runs models in threads: modules that import each other in circles fail in two at once
        with vars(sys).setdefault("genie_imports", threading.Lock()):
            from sklearn.cluster import KMeans
            from sklearn.feature_extraction.text import TfidfVectorizer
            from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise RuntimeError(
            "genie_prompt_topics needs scikit-learn: pip install 'genie-observability[ml]'"
        ) from error
    words = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    try:
        vectors = words.fit_transform(questions)
    except ValueError:  # stop words only
        return [0] * len(questions), {0: None}, [0.0] * len(questions)
    count = min(MOST_TOPICS, max(1, math.ceil(len(questions) / FEWEST_A_TOPIC)))
    with threadpool_limits(limits=1):  # threads add up in any order
        means = KMeans(count, n_init=3, random_state=0).fit(vectors, sample_weight=weights)
    numbers = [int(number) for number in means.labels_]
    names = words.get_feature_names_out()
    labels: dict[int, str | None] = {}
    for number, centre in enumerate(means.cluster_centers_.round(DIGITS)):
        best = sorted(range(len(names)), key=lambda place: (-centre[place], names[place]))
        marks = [names[place] for place in best[:LABEL_WORDS] if centre[place] > 0]
        labels[number] = " ".join(marks) or None
    lengths = [math.sqrt(float(centre @ centre)) or 1.0 for centre in means.cluster_centers_]
    products = vectors @ means.cluster_centers_.T
    similarities = [
        round(float(products[place, number]) / lengths[number], DIGITS)
        for place, number in enumerate(numbers)
    ]
    return numbers, labels, similarities
