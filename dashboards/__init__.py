"""The dashboard: built from small parts, rendered locally, deployed to Databricks AI/BI."""
