"""How a simulated workspace behaves beside its history."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rights, limits and speed of a simulated workspace.

    Attributes:
        observer_can_manage: The observer has CAN MANAGE on the spaces that it may see; without
            it, it sees only its own conversations and no configuration.
        answer_seconds: How long Genie takes for a question asked while served.
        failed_share: Share of these questions that fail.
        asks_per_minute: Questions by API that a workspace takes in any minute.
        forget_after: Seconds for which a space in the trash still answers as before.
        eval_details_days: Days after which the details of an evaluation are gone.
        secret_scopes: Secrets by scope and key.
        closed_scopes: Scopes on which nobody has READ.
        unmanaged: Ids of spaces and warehouses whose permissions nobody here may change.

    Raises:
        ValueError: A value is outside its range.
    """

    observer_can_manage: bool = True
    answer_seconds: float = 10.0
    failed_share: float = 0.0
    asks_per_minute: int = 5
    forget_after: float = 30.0
    eval_details_days: int = 7
    secret_scopes: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    closed_scopes: frozenset[str] = frozenset()
    unmanaged: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("answer_seconds", "asks_per_minute", "forget_after", "eval_details_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be below 0, not {getattr(self, name)}")
        if not 0 <= self.failed_share <= 1:
            raise ValueError(f"failed_share must be from 0 to 1, not {self.failed_share}")
