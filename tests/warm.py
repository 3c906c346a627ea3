"""A ``python`` that starts at once: each of its programs is a fork of a process that knows torch.

Importing torch and torchvision takes four of the six seconds of processor time that a command of a
host needs to start. ``python -m tests.warm SOCKET`` imports them and waits; the program that
``warm_python`` writes hands it its arguments, folder, environment and open files. Our own modules
and the hosts are imported by each program itself, so that nothing is there that it did not ask for.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["warm_python"]

ROOT = Path(__file__).parents[1]

#: As short as it is because it starts before every program.
CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(call)
    sys.exit(server.recv(1)[0])
"""


@contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Write the program ``python`` in ``folder``; it takes ``-m MODULE``, ``-c CODE`` or a file.

    Every program has the warnings and the path of this process, and not those of its environment.
    """
    address, program = folder / "socket", folder / "python"
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    command = [sys.executable, "-W", "ignore", "-m", "tests.warm", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield program
        finally:
            server.terminate()


def serve(address: str) -> None:
    """Run a program in a fork for every call, until the process is ended."""
    import torch
    import torchvision  # noqa: F401

    assert torch.get_num_threads() == 1  # a fork has no other threads
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
        program = os.fork()
        if program != 0:
            _, status = os.waitpid(program, 0)
            client.sendall(bytes([os.waitstatus_to_exitcode(status) % 256]))
            os._exit(0)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    run(arguments)


def run(arguments: list[str]) -> None:
    """Do what Python does with its arguments."""
    option, *rest = arguments
    if option == "-m":
        sys.argv, sys.path[0] = rest, os.getcwd()
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif option == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv, sys.path[0] = arguments, str(Path(option).resolve().parent)
        runpy.run_path(option, run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[1])
