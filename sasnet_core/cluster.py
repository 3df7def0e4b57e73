"""A Dask cluster: machines that share a folder and do a run's work together."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import WorkerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Seconds that a scheduler has to answer.
ANSWER_TIME = 10.0


@contextmanager
def connected(address: str, must_see: Path) -> Iterator[Any]:
    """Yield a client of a cluster (Dask's ``distributed.Client``).

    Parameters
    ----------
    address : str
        Address of the scheduler, like ``tcp://10.0.0.1:8786``.
    must_see : Path
        Folder for the results, which every worker must be able to see.

    Raises
    ------
    WorkerError
        Dask is not installed, no scheduler answers, it has no workers, or a worker does not see the
        folder.
    """
    try:
        from distributed import Client
    except ImportError:
        raise WorkerError(
            "--scheduler needs Dask; install it with: pip install 'sasnet[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=ANSWER_TIME)
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"a Dask scheduler is needed at {address}, none answers ({error}); check the address"
        ) from None
    with client:
        blind = [
            name for name, sees in client.run(os.path.isdir, str(must_see)).items() if not sees
        ]
        if blind:
            raise WorkerError(
                f"every worker must see {must_see}, {blind[0]} does not; use a shared folder"
            )
        if not client.nthreads():
            raise WorkerError(f"the scheduler at {address} must have workers, it has none yet")
        yield client
