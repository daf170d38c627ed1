"""The people and service principals of the simulated account."""

from demo.ids import numeric_id, uuid_id
from demo.model import OBSERVER_APPLICATION_ID, Principal

_NAMES = (
    "Ana Silva",
    "Ben Okafor",
    "Chloé Martin",
    "Dmitri Volkov",
    "Elif Kaya",
    "Farah Haddad",
    "George Papas",
    "Hana Sato",
    "Igor Novak",
    "Julia Schmidt",
    "Kofi Mensah",
    "Lena Berg",
    "Mateo García",
    "Nia Evans",
    "Omar Farouk",
    "Priya Nair",
    "Quentin Dubois",
    "Rosa Conti",
    "Sven Larsen",
    "Tara Byrne",
    "Uma Patel",
    "Viktor Horvath",
    "Wei Chen",
    "Ximena Rojas",
    "Yusuf Demir",
)
_ASCII = str.maketrans("éí", "ei")
_USER_ID_DIGITS = 14


def people(seed: int) -> tuple[Principal, ...]:
    """Return the people who ask, with e-mails at example.com."""
    return tuple(
        Principal(
            user_id=int(numeric_id(_USER_ID_DIGITS, seed, "user", name)),
            name=_email(name),
            display_name=name,
            address=f"203.0.113.{10 + number}",
        )
        for number, name in enumerate(_NAMES)
    )


def asker(seed: int) -> Principal:
    """Return the service principal of another team, which asks by API."""
    return Principal(
        user_id=int(numeric_id(_USER_ID_DIGITS, seed, "asker")),
        name=uuid_id(seed, "asker"),
        display_name="storefront-assistant",
        address="198.51.100.21",
    )


def observer() -> Principal:
    """Return our own service principal; the same in every history."""
    return Principal(
        user_id=int(numeric_id(_USER_ID_DIGITS, "observer")),
        name=OBSERVER_APPLICATION_ID,
        display_name="genie-observability",
        address="198.51.100.99",
    )


def _email(name: str) -> str:
    return name.translate(_ASCII).lower().replace(" ", ".") + "@example.com"
