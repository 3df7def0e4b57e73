"""A virtual screen for PyMOL's window."""

import os
import subprocess
from contextlib import contextmanager

SIZE = "1280x900x24"


@contextmanager
def virtual_screen():
    """Start Xvfb; yields the name of its display, whose number is the server's choice."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", SIZE]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with open(reading) as pipe:
            yield f":{pipe.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)
