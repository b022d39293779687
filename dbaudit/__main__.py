"""`python -m dbaudit`."""

from dbaudit.cli import main

main()
