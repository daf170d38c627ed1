"""What a plain classifier reaches on each month, having seen the months before it alone.

A model that does no better is not worth its rollout. Logistic regression on the features and the
merchant; nothing is left to chance, so the same rows give the same figures. All is in one file,
because Databricks runs it alone; there a sample of each month is taken where the rows are.
"""

import sys
import threading
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

NUMBERS = [
    *("is_credit", "amount_abs", "day_of_week", "day_of_month", "merchant_count_90d"),
    *("merchant_mean_amount_90d", "days_since_merchant"),
    *("account_count_30d", "account_mean_amount_30d"),
]
COLUMNS = ["transaction_id", "ts_month", "merchant_name", "target_label", *NUMBERS]
ROWS_A_MONTH = 1000  # the first by md5 of their ids: a sample that stays the same
MONTHS_BEFORE = 6  # learned from, at most
BINS = 10  # of confidence, for the calibration error
DIGITS = 9  # more would differ from one processor to another

TYPES = {
    "ts_month": "date",
    "target_label": "string",
    "trained_from": "date",
    "trained_count": "bigint",
    "tested_count": "bigint",
    "support": "bigint",
    "predicted_count": "bigint",
    "precision_score": "double",
    "recall_score": "double",
    "f1_score": "double",
    "calibration_error": "double",
}
ARROW_TYPES = {
    "date": pa.date32(),
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
}

Row = dict[str, Any]


def model(dbt: Any, session: Any) -> Any:
    """Return a row per tested month and label: of Spark, or on DuckDB a table of Arrow."""
    dbt.config(  # on Databricks: a serverless job of its own, its notebook for its owner alone
        submission_method="serverless_cluster",
        user_folder_for_python=True,
        environment_key="ml_baseline_metrics",
        environment_dependencies=["pandas==3.1.1", "scikit-learn==1.9.1"],
    )
    rows = sample(dbt.ref("fct_training_view"))
    found = evaluate(rows.sort_values("transaction_id", ignore_index=True))
    if hasattr(session, "createDataFrame"):
        values = [tuple(row[name] for name in TYPES) for row in found]
        return session.createDataFrame(values, ", ".join(f"{n} {t}" for n, t in TYPES.items()))
    schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in TYPES.items()])
    return pa.Table.from_pylist(found, schema=schema)


def sample(rows: Any) -> pd.DataFrame:
    """Return some rows of each month: so much fits anywhere."""
    place = "row_number() over (partition by ts_month order by md5(transaction_id)) as place"
    if hasattr(rows, "selectExpr"):
        taken = rows.selectExpr(*COLUMNS, place).filter(f"place <= {ROWS_A_MONTH}")
        frame: pd.DataFrame = taken.toPandas()
    else:
        taken = rows.project(", ".join([*COLUMNS, place])).filter(f"place <= {ROWS_A_MONTH}")
        frame = taken.df()
    frame["ts_month"] = pd.to_datetime(frame["ts_month"])
    frame[NUMBERS] = frame[NUMBERS].astype(float)
    return frame


def evaluate(rows: pd.DataFrame) -> list[Row]:
    """Test each month on what its past taught; a past with one label teaches nothing."""
    found: list[Row] = []
    for month in sorted(rows["ts_month"].unique()):
        earliest = month - pd.DateOffset(months=MONTHS_BEFORE)
        past = rows[(rows["ts_month"] < month) & (rows["ts_month"] >= earliest)]
        tested = rows[rows["ts_month"] == month]
        if past["target_label"].nunique() > 1:
            found += scores(past, tested, fit(past))
    return found


def fit(past: pd.DataFrame) -> Any:
    """Return the classifier that the past teaches."""
    try:
        # dbt runs models in threads: modules that import each other in circles fail in two at once
        with vars(sys).setdefault("genie_imports", threading.Lock()):
            from sklearn.compose import ColumnTransformer
            from sklearn.impute import SimpleImputer
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError as error:
        raise RuntimeError(
            "ml_baseline_metrics needs scikit-learn: pip install 'genie-observability[ml]'"
        ) from error
    numbers = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1.0, keep_empty_features=True),
        StandardScaler(),
    )
    features = ColumnTransformer(
        [
            ("numbers", numbers, NUMBERS),
            ("merchants", OneHotEncoder(handle_unknown="ignore"), ["merchant_name"]),
        ]
    )
    classifier = make_pipeline(features, LogisticRegression(max_iter=300))
    return classifier.fit(past[[*NUMBERS, "merchant_name"]], past["target_label"])


def scores(past: pd.DataFrame, tested: pd.DataFrame, classifier: Any) -> list[Row]:
    """Return a row per label that the past or the month has."""
    shares = classifier.predict_proba(tested[[*NUMBERS, "merchant_name"]])
    known = list(classifier.classes_)
    actual = tested["target_label"].to_numpy()
    predicted = np.array(known, dtype=object)[shares.argmax(axis=1)]
    return [
        {
            "ts_month": tested["ts_month"].iloc[0].date(),
            "target_label": label,
            "trained_from": past["ts_month"].min().date(),
            "trained_count": len(past),
            "tested_count": len(tested),
            **label_scores(
                actual == label,
                predicted == label,
                shares[:, known.index(label)] if label in known else np.zeros(len(tested)),
            ),
        }
        for label in sorted({*known, *actual})
    ]


def label_scores(actual: np.ndarray, predicted: np.ndarray, share: np.ndarray) -> Row:
    """Return the scores of one label against all others; None where there is nothing to divide."""
    support, predicted_count = int(actual.sum()), int(predicted.sum())
    right = int((actual & predicted).sum())
    return {
        "support": support,
        "predicted_count": predicted_count,
        "precision_score": right / predicted_count if predicted_count else None,
        "recall_score": right / support if support else None,
        "f1_score": (
            2 * right / (support + predicted_count) if support + predicted_count else None
        ),
        "calibration_error": calibration_error(actual, share),
    }


def calibration_error(actual: np.ndarray, share: np.ndarray) -> float:
    """Return the expected calibration error over equal bins of confidence.

    M. P. Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015.
    """
    bins = np.minimum((share * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            error += inside.mean() * abs(actual[inside].mean() - share[inside].mean())
    return round(float(error), DIGITS)
