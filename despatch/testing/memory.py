"""How much memory a process and its children have, while it runs."""

import subprocess
import time
from pathlib import Path


def pss_mib(pid: int) -> float:
    """Return the memory of a process and its children, what is shared counted once (Linux)."""
    kib = 0
    for process in (pid, *_children(pid)):
        try:
            said = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        kib += next((int(n.split()[1]) for n in said.splitlines() if n.startswith("Pss:")), 0)
    return kib / 1024


def most_mib(process: "subprocess.Popen[bytes]") -> float:
    """Wait until a process ends; return the most that it had with its children, as `pss_mib`."""
    most = 0.0
    while process.poll() is None:
        most = max(most, pss_mib(process.pid))
        time.sleep(0.02)
    return most


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(one) for t in threads for one in (t / "children").read_text().split()]
    except OSError:
        return []
