"""Time spans as people say them."""

from __future__ import annotations

from datetime import timedelta


def tell_age(age: timedelta) -> str:
    """Return an age in the two largest of days, hours and minutes."""
    minutes = int(age.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    shown = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(shown) or "0 min"
