"""`python -m exporters`."""

from exporters.cli import main

main()
