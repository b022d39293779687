"""dbaudit finds what makes a PostgreSQL application slow, and says what to change."""

__version__ = "0.1.0"
