"""`standfast schema`: the JSON Schema of the reliability file, for editors."""

from __future__ import annotations

import json
from typing import TextIO

import click


@click.command()
@click.option(
    "-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="A file to write."
)
def schema(output: TextIO) -> None:
    """Print the JSON Schema of the reliability file.

    Save it beside the file: standfast schema -o standfast.schema.json
    """
    from standfast import spec

    output.write(json.dumps(spec.schema(), indent=2, ensure_ascii=False) + "\n")
