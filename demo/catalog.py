"""The business that the simulated spaces are about: four domains, their tables and measures."""

from dataclasses import dataclass, field

CATALOG = "main"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `hidden` ones are excluded from a space."""

    name: str
    description: str
    synonyms: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a three-level name in Unity Catalog."""

    identifier: str
    description: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """How people say a measure or dimension, and the SQL behind it."""

    phrase: str
    expression: str
    alias: str


@dataclass(frozen=True, slots=True)
class Domain:
    """One part of the business.

    `facts` is the table that measures and dimensions are columns of; the first column of
    `lookup` is the key that both tables share.
    """

    name: str
    title: str
    description: str
    date_column: str
    measures: tuple[Term, ...]
    dimensions: tuple[Term, ...]
    facts: Table
    lookup: Table
    specials: tuple[tuple[str, str], ...] = field(default=())


def _table(domain: str, name: str, description: str, *columns: Column) -> Table:
    return Table(f"{CATALOG}.{domain}.{name}", description, columns)


_LOADED_AT = Column("etl_loaded_at", "When the row was loaded", hidden=True)

RETAIL = Domain(
    name="retail",
    title="Retail Sales",
    description="Orders, revenue and returns of all shops and the web store.",
    date_column="order_date",
    measures=(
        Term("total revenue", "SUM(`net_amount`)", "total_revenue"),
        Term("the number of orders", "COUNT(DISTINCT `order_id`)", "order_count"),
        Term("the average basket value", "AVG(`net_amount`)", "average_basket"),
        Term("the return rate", "AVG(CASE WHEN `is_returned` THEN 1 ELSE 0 END)", "return_rate"),
    ),
    dimensions=(
        Term("region", "`region`", "region"),
        Term("product category", "`category`", "category"),
        Term("sales channel", "`channel`", "channel"),
        Term("payment method", "`payment_method`", "payment_method"),
    ),
    facts=_table(
        "retail",
        "orders",
        "One row per order line, net of tax",
        Column("customer_id", "The customer who ordered"),
        Column("order_id", "The order"),
        Column("order_date", "Day of the order", ("date", "day")),
        Column("net_amount", "Amount without tax, in EUR", ("revenue", "sales", "turnover")),
        Column("region", "Sales region: north, south, east, west", ("area", "territory")),
        Column("category", "Product category", ("product group",)),
        Column("channel", "web, shop or partner", ("sales channel",)),
        Column("payment_method", "How the order was paid"),
        Column("is_returned", "The goods came back", ("returned",)),
        _LOADED_AT,
    ),
    lookup=_table(
        "retail",
        "customers",
        "One row per customer",
        Column("customer_id", "The customer"),
        Column("customer_name", "Name on the invoice", ("client",)),
        Column("segment", "consumer, business or public sector"),
        _LOADED_AT,
    ),
    specials=(
        (
            "Which ten customers spent the most this year?",
            "SELECT c.`customer_name`, SUM(o.`net_amount`) AS total_revenue\n"
            "FROM `main`.`retail`.`orders` AS o\n"
            "JOIN `main`.`retail`.`customers` AS c ON o.`customer_id` = c.`customer_id`\n"
            "WHERE YEAR(o.`order_date`) = YEAR(CURRENT_DATE())\n"
            "GROUP BY c.`customer_name`\nORDER BY total_revenue DESC\nLIMIT 10",
        ),
        (
            "How many customers ordered again within 30 days of their first order?",
            "WITH first_orders AS (\n  SELECT `customer_id`, MIN(`order_date`) AS first_date\n"
            "  FROM `main`.`retail`.`orders`\n  GROUP BY `customer_id`\n)\n"
            "SELECT COUNT(DISTINCT o.`customer_id`) AS returning_customers\n"
            "FROM `main`.`retail`.`orders` AS o\n"
            "JOIN first_orders AS f ON o.`customer_id` = f.`customer_id`\n"
            "WHERE o.`order_date` > f.first_date\n"
            "  AND o.`order_date` <= DATE_ADD(f.first_date, 30)",
        ),
    ),
)

LOGISTICS = Domain(
    name="logistics",
    title="Delivery Performance",
    description="Shipments, carriers and warehouses: what left when, and what arrived late.",
    date_column="shipped_at",
    measures=(
        Term("the number of shipments", "COUNT(*)", "shipment_count"),
        Term("the share of late deliveries", "AVG(INT(`is_late`))", "late_share"),
        Term("the average transit time in days", "AVG(`transit_days`)", "average_transit_days"),
        Term("total freight cost", "SUM(`freight_cost`)", "total_freight_cost"),
    ),
    dimensions=(
        Term("carrier", "`carrier`", "carrier"),
        Term("destination country", "`destination_country`", "destination_country"),
        Term("warehouse", "`warehouse_code`", "warehouse_code"),
        Term("service level", "`service_level`", "service_level"),
    ),
    facts=_table(
        "logistics",
        "shipments",
        "One row per parcel or pallet that left a warehouse",
        Column("warehouse_code", "The warehouse it left", ("depot", "site")),
        Column("shipment_id", "The shipment"),
        Column("shipped_at", "When it left", ("date",)),
        Column("carrier", "Who carried it", ("haulier", "forwarder")),
        Column("destination_country", "Two-letter country code", ("country",)),
        Column("service_level", "standard, express or freight"),
        Column("transit_days", "Days from door to door", ("lead time",)),
        Column("freight_cost", "Cost in EUR", ("shipping cost",)),
        Column("is_late", "Arrived after the promised day", ("delayed",)),
        _LOADED_AT,
    ),
    lookup=_table(
        "logistics",
        "warehouses",
        "One row per warehouse",
        Column("warehouse_code", "Short code of the warehouse"),
        Column("city", "Where it stands"),
        Column("pallet_places", "Places for pallets", ("capacity",)),
        _LOADED_AT,
    ),
    specials=(
        (
            "Which warehouses shipped more than their capacity in any week?",
            "SELECT w.`city`, DATE_TRUNC('WEEK', s.`shipped_at`) AS week, COUNT(*) AS shipments\n"
            "FROM `main`.`logistics`.`shipments` AS s\n"
            "JOIN `main`.`logistics`.`warehouses` AS w ON s.`warehouse_code` = w.`warehouse_code`\n"
            "GROUP BY w.`city`, DATE_TRUNC('WEEK', s.`shipped_at`), w.`pallet_places`\n"
            "HAVING COUNT(*) > w.`pallet_places`",
        ),
        (
            "What is the 95th percentile of transit days for express shipments?",
            "SELECT PERCENTILE(`transit_days`, 0.95) AS p95_transit_days\n"
            "FROM `main`.`logistics`.`shipments`\nWHERE `service_level` = 'express'",
        ),
    ),
)

HR = Domain(
    name="hr",
    title="People Insights",
    description="Head count, hiring and absence, by team and place.",
    date_column="month_start",
    measures=(
        Term("head count", "SUM(`head_count`)", "head_count"),
        Term("the number of new hires", "SUM(`hires`)", "hires"),
        Term("the attrition rate", "SUM(`leavers`) / SUM(`head_count`)", "attrition_rate"),
        Term("the number of sick days per person", "AVG(`sick_days`)", "sick_days_per_person"),
    ),
    dimensions=(
        Term("department", "`department`", "department"),
        Term("office", "`office`", "office"),
        Term("contract type", "`contract_type`", "contract_type"),
        Term("job level", "`job_level`", "job_level"),
    ),
    facts=_table(
        "hr",
        "staff_months",
        "One row per team and month",
        Column("team_id", "The team"),
        Column("month_start", "First day of the month", ("month",)),
        Column("department", "The department", ("function",)),
        Column("office", "Where the team sits", ("location",)),
        Column("contract_type", "permanent, fixed term or intern"),
        Column("job_level", "Level from 1 to 7", ("grade",)),
        Column("head_count", "People on the last day", ("employees", "staff")),
        Column("hires", "People who joined"),
        Column("leavers", "People who left", ("attrition",)),
        Column("sick_days", "Days of sick leave per person"),
        _LOADED_AT,
    ),
    lookup=_table(
        "hr",
        "teams",
        "One row per team",
        Column("team_id", "The team"),
        Column("team_name", "Its name"),
        Column("manager_name", "Who leads it", hidden=True),
    ),
    specials=(
        (
            "Which teams have had no new hire for a year?",
            "SELECT t.`team_name`\nFROM `main`.`hr`.`teams` AS t\n"
            "JOIN `main`.`hr`.`staff_months` AS s ON t.`team_id` = s.`team_id`\n"
            "WHERE s.`month_start` >= ADD_MONTHS(CURRENT_DATE(), -12)\n"
            "GROUP BY t.`team_name`\nHAVING SUM(s.`hires`) = 0",
        ),
    ),
)

FINANCE = Domain(
    name="finance",
    title="Cost and Cash",
    description="Ledger postings against budget, invoices and their payment.",
    date_column="posting_date",
    measures=(
        Term("total spend", "SUM(`amount`)", "total_spend"),
        Term("spend against budget", "SUM(`amount`) - SUM(`budget_amount`)", "budget_variance"),
        Term("the number of open invoices", "COUNT_IF(NOT `is_paid`)", "open_invoices"),
        Term("the average days to payment", "AVG(`days_to_payment`)", "average_days_to_payment"),
    ),
    dimensions=(
        Term("cost centre", "`cost_centre`", "cost_centre"),
        Term("vendor", "`vendor_id`", "vendor_id"),
        Term("legal entity", "`legal_entity`", "legal_entity"),
        Term("expense type", "`expense_type`", "expense_type"),
    ),
    facts=_table(
        "finance",
        "postings",
        "One row per ledger posting",
        Column("vendor_id", "The vendor"),
        Column("posting_date", "Day of the posting", ("date",)),
        Column("cost_centre", "Who pays", ("cost center", "department")),
        Column("legal_entity", "The company that booked it", ("company",)),
        Column("expense_type", "travel, software, rent and so on"),
        Column("amount", "Amount in EUR", ("cost", "spend")),
        Column("budget_amount", "What was planned", ("plan",)),
        Column("is_paid", "The invoice is paid"),
        Column("days_to_payment", "Days from invoice to payment", ("DSO",)),
        _LOADED_AT,
    ),
    lookup=_table(
        "finance",
        "vendors",
        "One row per vendor",
        Column("vendor_id", "The vendor"),
        Column("vendor_name", "Its name", ("supplier",)),
        Column("payment_terms_days", "Agreed days to payment"),
    ),
    specials=(
        (
            "Which vendors do we pay later than agreed?",
            "SELECT v.`vendor_name`, AVG(p.`days_to_payment`) AS paid_after_days\n"
            "FROM `main`.`finance`.`postings` AS p\n"
            "JOIN `main`.`finance`.`vendors` AS v ON p.`vendor_id` = v.`vendor_id`\n"
            "GROUP BY v.`vendor_name`, v.`payment_terms_days`\n"
            "HAVING AVG(p.`days_to_payment`) > v.`payment_terms_days`\n"
            "ORDER BY paid_after_days DESC",
        ),
    ),
)

DOMAINS: tuple[Domain, ...] = (RETAIL, LOGISTICS, HR, FINANCE)
