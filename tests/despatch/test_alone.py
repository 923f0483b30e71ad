"""`up` starts once in a home folder, at an address that is free."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from despatch.app.alone import alone, need_free
from despatch.errors import NotWritable, OperatorError


def test_the_second_is_refused_with_the_first_one_s_process(tmp_path: Path) -> None:
    refused = pytest.raises(OperatorError, match=f"process {os.getpid()}.*--home")
    with alone(tmp_path), refused, alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_a_killed_one_s_lock_is_gone_with_it(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from despatch.app.alone import alone\n"
        "with alone(Path(sys.argv[1])): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "up.lock").exists()
    with alone(tmp_path):
        pass


def test_a_home_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="nowhere"), alone(tmp_path / "nowhere"):
        pass


def test_a_port_in_use_is_said_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"127.0.0.1:{port}.*--listen"):
            need_free("127.0.0.1", port)
    need_free("127.0.0.1", port)


def test_a_port_of_the_pages_in_use_is_said_with_the_setting_that_moves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match="the setting web_listen"):
            need_free("127.0.0.1", port, instead="the setting web_listen")
