"""How far a prediction is, on standard error."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator


@contextmanager
def progress_callback(options: argparse.Namespace) -> Iterator[Callable[[int], None] | None]:
    """Give a function that shows how many rotations are done and how long the rest takes."""
    if options.progress_lines:
        yield lambda done: print(
            f"sasnet-progress {done} {options.rotations}", file=sys.stderr, flush=True
        )
    elif options.quiet:
        yield None
    else:
        from tqdm import tqdm

        with tqdm(total=options.rotations, desc="rotations", unit="", file=sys.stderr) as bar:

            def show(done: int) -> None:
                bar.update(done - bar.n)

            yield show
