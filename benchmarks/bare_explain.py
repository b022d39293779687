"""What `explain --no-analyze` may be measured against: psycopg, a loop, and nothing else."""

import json
import sys
from pathlib import Path

import psycopg

statements = Path(sys.argv[1]).read_text().split(";\n")
with psycopg.connect(sys.argv[2], autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
    plans = [
        connection.execute(f"EXPLAIN (VERBOSE, SETTINGS, SUMMARY, FORMAT JSON) {statement}").fetchone()[0]
        for statement in statements
        if statement.strip()
    ]
json.dump(plans, sys.stdout)
