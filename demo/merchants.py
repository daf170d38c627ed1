"""Whom the people of a simulated ledger pay, and for what."""

from dataclasses import dataclass
from typing import NamedTuple


class Merchant(NamedTuple):
    """A merchant as a bank writes it; amounts in hundredths of the currency."""

    name: str
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Category:
    """A label, and the merchants that earn it.

    Attributes:
        label: What a transaction is labelled.
        weight: How often people buy there, compared to the others.
        merchants: The most visited first.
    """

    label: str
    weight: int
    merchants: tuple[Merchant, ...]


# MEGAMART and FUEL AND GO are in two categories: their name alone does not tell
GROCERIES = Category(
    "groceries",
    30,
    (
        Merchant("GREEN BASKET MARKET", 800, 9_500),
        Merchant("MEGAMART SUPERSTORE", 1_500, 14_000),
        Merchant("CORNER GROCER", 300, 3_500),
        Merchant("HARVEST HALL", 1_000, 12_000),
        Merchant("LITTLE DELI", 400, 4_000),
    ),
)
TRAVEL = Category(
    "travel",
    3,
    (
        Merchant("NORTHWIND AIRWAYS", 8_000, 60_000),
        Merchant("HARBOUR HOTEL", 9_000, 45_000),
        Merchant("COAST RAIL", 2_000, 12_000),
    ),
)
PURCHASES = (
    GROCERIES,
    Category(
        "restaurants",
        20,
        (
            Merchant("BEAN HOUSE COFFEE", 300, 1_200),
            Merchant("NOODLE BAR 88", 900, 3_500),
            Merchant("PIZZERIA BELLA", 1_200, 4_500),
            Merchant("THE COPPER POT", 2_500, 9_500),
        ),
    ),
    Category(
        "transport",
        15,
        (
            Merchant("CITY TRANSIT", 250, 900),
            Merchant("FUEL AND GO", 3_000, 8_500),
            Merchant("RIDE NOW", 800, 4_000),
            Merchant("PARK EASY", 200, 2_000),
        ),
    ),
    Category(
        "shopping",
        15,
        (
            Merchant("MEGAMART SUPERSTORE", 2_000, 25_000),
            Merchant("PARCEL PLAZA ONLINE", 900, 18_000),
            Merchant("THREAD AND NEEDLE", 1_500, 12_000),
            Merchant("HOME CORNER", 1_000, 30_000),
        ),
    ),
    Category(
        "health",
        6,
        (Merchant("RIVERSIDE PHARMACY", 500, 6_000), Merchant("SMILE DENTAL", 4_000, 28_000)),
    ),
    Category(
        "entertainment",
        8,
        (
            Merchant("GRAND CINEMA", 900, 4_000),
            Merchant("PIXEL ARCADE", 500, 7_000),
            Merchant("FUEL AND GO", 150, 900),
        ),
    ),
    TRAVEL,
    Category("transfers", 3, (Merchant("TRANSFER TO SAVINGS", 5_000, 60_000),)),
)
EMPLOYERS = (
    Merchant("ACME WORKS PAYROLL", 180_000, 420_000),
    Merchant("BLUE RIVER LOGISTICS PAYROLL", 150_000, 380_000),
    Merchant("CITY COUNCIL SALARIES", 200_000, 450_000),
)
LANDLORDS = (Merchant("MAPLE COURT RENT", 0, 0), Merchant("LAKESIDE HOMES RENT", 0, 0))
UTILITIES = (Merchant("NORTH GRID ENERGY", 6_000, 14_000), Merchant("AQUA WATER", 2_500, 6_000))
SUBSCRIPTIONS = (
    Merchant("STREAMBOX", 1_299, 1_299),
    Merchant("TUNEWAVE MUSIC", 999, 999),
    Merchant("CLOUDSHELF STORAGE", 299, 299),
    Merchant("IRON GYM", 3_900, 3_900),
    Merchant("PHONE FIRST MOBILE", 2_500, 2_500),
    Merchant("DAILY LEDGER NEWS", 1_450, 1_450),
)
LABELS = (
    *(category.label for category in PURCHASES),
    *("income", "housing", "utilities", "subscriptions"),
)
CITIES = ("ALDERTON", "BRIDGEPORT", "CARLOW", "DUNFIELD", "EASTHAM")
