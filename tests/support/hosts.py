"""Hosts of their own for tests: network namespaces with one line to this machine."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


def run(*command: str) -> str:
    """Run a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def neighbour(name: str, line: str, net: str) -> Iterator[str]:
    """Make a host at {net}.9 whose line ends at {net}.1 here; answers its name."""
    subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", line, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "address", "add", f"{net}.1/24", "dev", line)
        run("ip", "link", "set", line, "up")
        run("ip", "-n", name, "address", "add", f"{net}.9/24", "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        run("ip", "netns", "delete", name)
