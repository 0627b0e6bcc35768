"""Ends a process that calls a network. It is read at the start of each Python that finds it in its PYTHONPATH."""

import os
import socket
import sys

# Jupyter looks up the machine's own name, too.
HERE = ("127.", "localhost", "::1", "0.0.0.0", socket.gethostname())


def end_if_it_calls(event, arguments):
    """End the process where it looks up or connects to another machine: an error could be caught."""
    if event not in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        return
    target = arguments[1] if event == "socket.connect" else arguments[0]
    host = target[0] if isinstance(target, tuple) else target
    if host and not str(host).startswith(HERE) and not str(host).startswith("/"):
        os.write(2, f"{event}: this process called a network, at {host!r}\n".encode())
        os._exit(1)


sys.addaudithook(end_if_it_calls)
