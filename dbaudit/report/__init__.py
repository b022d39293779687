"""Reports: pure functions from a Report to text, one format a file."""
