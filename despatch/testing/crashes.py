"""A store whose process is killed between two steps of ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from despatch.ports import Store, Transaction


class Killed(BaseException):
    """The process ends here: nobody catches it, and nothing after it is done."""


class CrashingStore:
    """Passes everything on, and kills at the n-th step, counted over all transactions.

    A step is a method of a transaction, or what is just before or just after its commit. `steps`
    says how many there were; `at` None never kills.
    """

    def __init__(self, store: Store, at: int | None = None) -> None:
        self.steps = 0
        self._store = store
        self._at = at

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._store.transaction() as tx:
            yield cast(Transaction, _Stepping(tx, self.step))
            self.step()
        self.step()

    def step(self) -> None:
        """Count one step, and be killed if it is the one."""
        self.steps += 1
        if self.steps == self._at:
            raise Killed

    def check_schema(self) -> None:
        self._store.check_schema()

    def check_keys(self) -> None:
        self._store.check_keys()

    def migrate(self) -> Any:
        return self._store.migrate()

    def overwrite_deleted(self) -> str:
        return self._store.overwrite_deleted()

    def encrypt_again(self) -> int:
        return self._store.encrypt_again()

    def close(self) -> None:
        return None


class _Stepping:
    def __init__(self, tx: Transaction, step: Callable[[], None]) -> None:
        self._tx = tx
        self._step = step

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._tx, name)

        def stepped(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            self._step()
            return result

        return stepped
