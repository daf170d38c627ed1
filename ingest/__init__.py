"""Fetches what the audit log does not hold and lands it, as received, for dbt to read.

cli       parses, prints, sets the exit code; the only reader of the environment
loading, messages, spaces, status    one service per command, pure flow
client    the Genie REST API of one workspace      files    rows of system-table files
landing   the tables      recording  batches of rows and the record of a run
"""
