"""How a command ends when the user's input is wrong: one sentence, and exit code 2."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fca2_plugin._requirements import line_for_module

__all__ = ["USER_ERRORS", "one_sentence", "run_command", "terminated_like_interrupted"]

USER_ERRORS = (ValueError, TypeError, KeyError, ImportError, OSError)
"""What wrong input raises here and in the hosts; anything else is a fault, and shows itself."""


def one_sentence(error: BaseException) -> str:
    """What an error says, on one line."""
    # str(KeyError) is the repr of its message
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    text = _system_error(error) or str(text)
    if "\nOriginal Traceback" in text:  # torch's message for what a data worker raised
        text = text.strip().splitlines()[-1].partition(": ")[2]
    if isinstance(error, ModuleNotFoundError) and "pip install" not in text:
        line = line_for_module(error.name or "")
        text += f"; install it with `{line}`" if line else ""
    return " ".join(text.split()) or type(error).__name__


def _system_error(error: BaseException) -> str | None:
    """What the system says of a file, without its number; None for other errors."""
    if not isinstance(error, OSError) or not str(error).startswith("[Errno"):
        return None
    if error.filename is None:
        return f"the system says: {error.strerror}"
    return f"{error.filename} cannot be used ({error.strerror})"


def run_command(action: Callable[[], int], debug: bool = False) -> int:
    """Run ``action`` and return its exit code, or 2 after saying what was wrong.

    Args:
        action: The command.
        debug: Let the error through, with its traceback.
    """
    if debug:
        return action()
    try:
        return action()
    except USER_ERRORS as error:
        print(f"error: {one_sentence(error)} (--debug shows where)", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(": ".join(["interrupted", *map(str, interrupt.args)]), file=sys.stderr)
        return 130


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM, which batch systems and ``kill`` send, end a command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
