"""Runs the command line as `python -m demo`."""

from demo.cli import main

main()
