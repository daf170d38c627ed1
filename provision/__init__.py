"""`genie-setup`: prepares a Databricks workspace for the jobs, and takes everything away again."""
