"""What a piece of work cost, children included."""

import subprocess
import sys
import time

from despatch.app.cost import Meter

BUSY = "import time\nheld = bytearray(64 * 1024 * 1024)\nwhile time.process_time() < 0.5: pass\n"


def test_what_came_before_it_began_is_not_counted() -> None:
    """It is what it took to get ready."""
    with Meter() as meter:
        before = time.process_time()
        while time.process_time() - before < 0.2:
            pass
        meter.begin()
    assert meter.cost.cpu_s < 0.1
    assert meter.cost.import_cpu_s >= 0.2


def test_what_children_used_is_in_the_cost() -> None:
    with Meter() as alone:
        pass
    with Meter() as meter:
        subprocess.run([sys.executable, "-c", BUSY], check=True)

    assert meter.cost.cpu_s >= 0.4
    assert meter.cost.wall_s > alone.cost.wall_s
    assert meter.cost.peak_rss_mib >= alone.cost.peak_rss_mib + 64
    assert meter.cost.import_cpu_s > 0
