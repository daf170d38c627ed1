"""Turns dbt's artifacts into metrics, and into a yes or no before data is trained on."""
