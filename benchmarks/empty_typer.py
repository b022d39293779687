"""The floor of every typer application's start."""

import typer

app = typer.Typer()


@app.command()
def main() -> None:
    """Nothing."""


app()
