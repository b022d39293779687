"""The checks: pure functions from facts to findings, one a file, found by walking this package."""
