"""Rows of system.billing.usage and system.billing.list_prices that fit a history.

A warehouse is billed for each hour in which a statement began, and for a few idle ones; Genie's
own use of language models by user, space and day. Shapes: `DESCRIBE` of both tables; quantities
are decimals.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from demo.faults import draw
from demo.ids import iso_ms, uuid_id
from demo.model import Channel, History, Message, Workspace
from demo.query_history import ended_runs

Json = dict[str, Any]

CLOUD = "AWS"
WAREHOUSE_SKU = "ENTERPRISE_SERVERLESS_SQL_COMPUTE_US_EAST_N_VIRGINIA"
LLM_SKU = "ENTERPRISE_SERVERLESS_REAL_TIME_INFERENCE_US_EAST_N_VIRGINIA"
JOB_SKU = "ENTERPRISE_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA"
FREE_SKU = "GENIE_FREE_USAGE"  # no list price: it costs nothing
UNPRICED_SKU = "ENTERPRISE_SQL_COMPUTE_PREVIEW"  # no list price yet

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_BILLED_AFTER_MS = 6 * _HOUR_MS  # the last hours of a history have no bill yet
_CORRECTED_AFTER_MS = 3 * _DAY_MS
_PRICE_CHANGE_DAYS = 15
_FREE_DAYS = 25  # of the history, from its start: then the allowance is used up
_IDLE_SHARE, _CORRECTED_SHARE, _UNPRICED_SHARE = 0.15, 0.02, 0.01
_DBU_PER_HOUR = 12
_EXACT = Decimal(1).scaleb(-18)

# SKU, price and the price before the last change
_PRICES = ((WAREHOUSE_SKU, "0.70", "0.65"), (LLM_SKU, "0.07", "0.08"), (JOB_SKU, "0.35", "0.35"))


class _Usage(NamedTuple):
    """One line of the bill before it is a row."""

    workspace: Workspace
    start_ms: int
    sku: str
    quantity: Decimal
    product: str
    metadata: Json
    user: str | None = None
    record_type: str = "ORIGINAL"
    ingested_ms: int = 0
    features: Json | None = None


def usage_rows(history: History) -> Iterator[Json]:
    """Yield system.billing.usage: warehouses, Genie's language models, and a job beside them.

    Some hours are corrected days later (RETRACTION and RESTATEMENT), some have a SKU without a
    price; the last hours of the history are not billed yet.
    """
    if not history.messages:
        return
    end_ms = history.options.end_ms
    for usage in (*_warehouses(history), *_language_models(history), *_jobs(history)):
        is_known = usage.ingested_ms <= end_ms
        if is_known and usage.start_ms + _HOUR_MS <= end_ms - _BILLED_AFTER_MS:
            yield _row(history, usage)


def price_rows(history: History) -> Iterator[Json]:
    """Yield system.billing.list_prices: each SKU with a price that ended and one in force."""
    if not history.messages:
        return
    changed_ms = _day(history.options.end_ms - _PRICE_CHANGE_DAYS * _DAY_MS)
    began_ms = _day(history.options.start_ms - 365 * _DAY_MS)
    for sku, price, price_before in _PRICES:
        yield _price(history, sku, price_before, (began_ms, changed_ms))
        yield _price(history, sku, price, (changed_ms, None))


def _warehouses(history: History) -> Iterator[_Usage]:
    seed = history.options.seed
    worked = {
        (run.space.workspace.workspace_id, run.start_ms // _HOUR_MS) for run in ended_runs(history)
    }
    warehouses = {one.workspace.workspace_id: one for one in history.spaces}
    idle = {
        (workspace_id, hour + 1)
        for workspace_id, hour in worked
        if draw(seed, "idle", workspace_id, hour) < _IDLE_SHARE
    }
    for workspace_id, hour in sorted(worked | idle):
        space = warehouses[workspace_id]
        key = (seed, workspace_id, hour)
        usage = _Usage(
            workspace=space.workspace,
            start_ms=hour * _HOUR_MS,
            sku=UNPRICED_SKU if draw("sku", *key) < _UNPRICED_SHARE else WAREHOUSE_SKU,
            quantity=_quantity(_DBU_PER_HOUR * (0.2 + 0.8 * draw("uptime", *key))),
            product="SQL",
            metadata={"warehouse_id": space.warehouse_id},
            ingested_ms=hour * _HOUR_MS,
        )
        yield usage
        if draw("corrected", *key) < _CORRECTED_SHARE:
            yield from _corrected(usage)


def _corrected(usage: _Usage) -> Iterator[_Usage]:
    ingested_ms = usage.ingested_ms + _CORRECTED_AFTER_MS
    yield usage._replace(
        quantity=-usage.quantity, record_type="RETRACTION", ingested_ms=ingested_ms
    )
    yield usage._replace(
        quantity=_quantity(float(usage.quantity) * 0.9),
        record_type="RESTATEMENT",
        ingested_ms=ingested_ms,
    )


def _language_models(history: History) -> Iterator[_Usage]:
    """Yield a line per user, space and day; service principals have no free allowance."""
    asked: dict[tuple[int, str, str], list[Message]] = {}
    for message in history.messages:
        thread = message.conversation
        key = (message.created_ms // _DAY_MS, thread.space.space_id, thread.author.name)
        asked.setdefault(key, []).append(message)
    paid_from = history.options.start_ms // _DAY_MS + _FREE_DAYS
    for (day, space_id, user), messages in asked.items():
        thread = messages[0].conversation
        is_api = thread.channel is Channel.API
        yield _Usage(
            workspace=thread.space.workspace,
            start_ms=day * _DAY_MS,
            sku=LLM_SKU if is_api or day >= paid_from else FREE_SKU,
            quantity=_quantity(len(messages) * (0.2 + draw("llm", day, space_id, user))),
            product="GENIE",
            metadata={
                "genie": {
                    "surface": "GENIE_AGENTS",
                    "channel": "API" if is_api else "UI",
                    "agent_id": space_id,
                }
            },
            user=user,
            ingested_ms=day * _DAY_MS,
            features={"genie": {"offering_type": "PAYGO"}},
        )


def _jobs(history: History) -> Iterator[_Usage]:
    """Yield what is no cost of Genie: a nightly job."""
    for day in range(history.options.days):
        start_ms = _day(history.options.start_ms) + day * _DAY_MS + 2 * _HOUR_MS
        yield _Usage(
            workspace=history.workspaces[0],
            start_ms=start_ms,
            sku=JOB_SKU,
            quantity=_quantity(1.5),
            product="JOBS",
            metadata={"job_id": "1"},
            ingested_ms=start_ms,
        )


def _row(history: History, usage: _Usage) -> Json:
    start, end = iso_ms(usage.start_ms), iso_ms(usage.start_ms + _HOUR_MS)
    is_genie = usage.product == "GENIE"
    parts = (usage.workspace.workspace_id, usage.start_ms, usage.sku, usage.user, usage.metadata)
    return {
        "account_id": history.account_id,
        "workspace_id": usage.workspace.workspace_id,
        "record_id": uuid_id(history.options.seed, "usage", usage.record_type, *parts),
        "sku_name": usage.sku,
        "cloud": CLOUD,
        "usage_start_time": start,
        "usage_end_time": end,
        "usage_date": start[:10],
        "custom_tags": {"databricks-product": "genie"} if is_genie else {},
        "usage_unit": "DBU",
        "usage_quantity": usage.quantity,
        "usage_metadata": _complete(usage.metadata, _METADATA),
        "identity_metadata": _complete({"run_as": usage.user}, _IDENTITY),
        "record_type": usage.record_type,
        "ingestion_date": iso_ms(usage.ingested_ms)[:10],
        "billing_origin_product": usage.product,
        "product_features": _complete(usage.features or {}, _FEATURES),
        "usage_type": "TOKEN" if is_genie else "COMPUTE_TIME",
    }


_METADATA = ("cluster_id", "job_id", "warehouse_id", "endpoint_name", "budget_policy_id", "genie")
_IDENTITY = ("run_as", "created_by", "owned_by", "run_by")
_FEATURES = ("sql_tier", "is_serverless", "ai_bi_genie", "genie")


def _complete(values: Json, names: Iterable[str]) -> Json:
    return {name: values.get(name) for name in names}


def _price(history: History, sku: str, price: str, window: tuple[int, int | None]) -> Json:
    start_ms, end_ms = window
    return {
        "account_id": history.account_id,
        "price_start_time": iso_ms(start_ms),
        "price_end_time": None if end_ms is None else iso_ms(end_ms),
        "sku_name": sku,
        "cloud": CLOUD,
        "currency_code": "USD",
        "usage_unit": "DBU",
        "pricing": {
            "default": Decimal(price),
            "promotional": {"default": None},
            "effective_list": {"default": Decimal(price)},
        },
    }


def _quantity(dbus: float) -> Decimal:
    return Decimal(str(round(dbus, 12))).quantize(_EXACT)


def _day(moment_ms: int) -> int:
    return moment_ms // _DAY_MS * _DAY_MS
