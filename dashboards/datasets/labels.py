"""What several datasets say alike."""

# the label that the global filter goes by, where a mart has names and ids only
WORKSPACE = "coalesce(workspace_name, workspace_id) as workspace"
SPACE = "coalesce(space_name, space_id) as space"

NO_QUESTION = "Empty until genie-ingest messages has run."
NO_RATING = "Empty until somebody rates an answer."
NO_AUDIT = "Empty until the audit log is loaded."
NO_SPACE = "Empty until genie-ingest spaces has run."
