"""What a run would fetch, told without a call."""

from __future__ import annotations

from ingest.session import Session
from ingest.worklist import Filters, read_conversations


def tell_plan(session: Session, filters: Filters) -> None:
    """Say what is due in each workspace, and in about how many calls it is fetched."""
    work = read_conversations(session.warehouse, filters)
    for workspace, conversations in work.items():
        due = sum(len(conversation.due) for conversation in conversations)
        calls = sum(conversation.calls for conversation in conversations)
        name = workspace.name or workspace.workspace_id
        session.reporter.say(
            f"{name}: would fetch {due} messages of {len(conversations)} conversations"
            f" in about {calls} API calls",
            workspace_id=workspace.workspace_id,
            messages=due,
            conversations=len(conversations),
            api_calls=calls,
        )
    if not work:
        session.reporter.say("nothing to fetch", messages=0)
