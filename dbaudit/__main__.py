"""`python -m dbaudit`."""

from dbaudit.cli import main

# A process that is spawned to help imports this module too.
if __name__ == "__main__":
    main()
