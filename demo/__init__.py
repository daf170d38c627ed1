"""A simulated Databricks workspace: a deterministic history behind the real REST paths."""
