"""What a piece of work cost, children included."""

import subprocess
import sys

from despatch.app.cost import Meter

BUSY = "import time\nheld = bytearray(64 * 1024 * 1024)\nwhile time.process_time() < 0.5: pass\n"


def test_what_children_used_is_in_the_cost() -> None:
    with Meter() as alone:
        pass
    with Meter() as meter:
        subprocess.run([sys.executable, "-c", BUSY], check=True)

    assert meter.cost.cpu_s >= 0.4
    assert meter.cost.wall_s > alone.cost.wall_s
    assert meter.cost.peak_rss_mib >= alone.cost.peak_rss_mib + 64
    assert meter.cost.import_cpu_s > 0
