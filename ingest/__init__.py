"""Fetches what the audit log does not hold and lands it, as received, for dbt to read.

cli         parses, prints, sets the exit code; the only reader of the environment
loading, messages, spaces, resources, asking, status    the services of the commands, pure flow
worklist    what is due, read from gold                 fetching    conversations, by threads
workspaces  goes through workspaces                     recording   batches, the record of a run
client      the REST API of one workspace               pacing      waits as the API asks
files       rows of system-table files                  landing     the tables
hosts, privacy, text    where credentials go, what of persons is stored, what can be stored
"""
