"""How the dashboard fails; every text is one line for the person at the terminal.

DashboardError
├── DefinitionError   the file of the dashboard is absent, or holds what cannot be drawn
└── DeploymentError   Databricks does not take it
"""

from __future__ import annotations


class DashboardError(Exception):
    """Something that a person has to mend."""


class DefinitionError(DashboardError):
    """A .lvdash.json that is absent, or no dashboard that can be read here."""


class DeploymentError(DashboardError):
    """A workspace that refuses the dashboard."""
