"""A ``python`` that starts at once: each of its programs is a fork of a process that knows torch.

Importing torch and what the hosts need takes most of the processor time of a short command.
``python -m tests.warm SOCKET PROGRAM`` imports it and waits. The program that ``warm_python``
writes hands it its arguments, folder, environment and open files. Our own modules and the hosts are
imported by each program itself, so that none of them is there before it is asked for.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["plain_text", "warm_python"]

ROOT = Path(__file__).parents[1]
#: What takes long to import; what is absent is left out.
KNOWN = ("torch", "torchvision", "scipy.signal", "yaml", "av", "cv2", "rich.progress")


def plain_text(text: str, **style: object) -> tuple[str, bool]:
    """In place of yapf, which takes most of the time of a tiny run of MMEngine."""
    return text, True


#: As short as it is because it starts before every program.
CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
    for one in signal.SIGINT, signal.SIGTERM:
        signal.signal(one, lambda number, _: server.send(bytes([number])))
    server.sendall(call)
    sys.exit(server.recv(1)[0])
"""


@contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Write the program ``bin/python`` in ``folder``, which then looks like an environment.

    The program takes ``-m MODULE``, ``-c CODE`` or a file. It ends when its caller is killed. Every
    program has the warnings of this process.
    """
    address, program = folder / "socket", folder / "bin" / "python"
    program.parent.mkdir()
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    command = [sys.executable, "-W", "ignore", "-m", "tests.warm", address, program]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # a fork has no other threads
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield program
        finally:
            server.terminate()


def serve(address: str, program: str) -> None:
    """Run a program in a fork for every call, until the process is ended."""
    gc.disable()  # until the fork, since nothing of this is ever let go
    for name in KNOWN:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    if importlib.util.find_spec("yapf") is not None:
        importlib.import_module("yapf.yapflib.yapf_api").FormatCode = plain_text
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
        while True:
            client, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                break
            client.close()
    head, files, *_ = socket.recv_fds(client, 4, 3)
    with client, client.makefile("rb") as stream:
        arguments, folder, environment = json.loads(stream.read(int.from_bytes(head, "big")))
        child = os.fork()
        if child != 0:
            attend(child, client)
            os._exit(0)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.executable = program  # what it starts is warm, too
    path = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[1:1] = [one for one in path if one not in sys.path]
    gc.enable()
    run(arguments)


def attend(child: int, client: socket.socket) -> None:
    """Pass signals on to a program, kill it when its caller is gone, and tell its exit code."""
    ended = os.pidfd_open(child)
    while ended not in select.select([ended, client], [], [])[0]:
        sent = client.recv(1)
        os.kill(child, sent[0] if sent else signal.SIGKILL)
        if not sent:
            break
    _, status = os.waitpid(child, 0)
    with suppress(BrokenPipeError):
        client.sendall(bytes([os.waitstatus_to_exitcode(status) % 256]))


def run(arguments: list[str]) -> None:
    """Do what Python does with its arguments."""
    option, *rest = arguments
    if option == "-u":
        run(rest)
    elif option == "-W":
        run(rest[1:])
    elif option == "-m":
        sys.argv, sys.path[0] = rest, os.getcwd()
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif option == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv, sys.path[0] = arguments, str(Path(option).resolve().parent)
        runpy.run_path(option, run_name="__main__")


if __name__ == "__main__":
    serve(*sys.argv[1:])
