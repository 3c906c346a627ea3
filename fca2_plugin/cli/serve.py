"""``fca2 serve``."""

import argparse
import os

from fca2_plugin.cli._network import add_network
from fca2_plugin.cli._settings import add_switch, add_value

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "open a local web page that upscales uploaded videos and compares before and after"
EXAMPLE = "fca2 serve --open"
PASSWORD = "FCA2_PASSWORD"  # a variable is not seen by other users, as a command line is


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_network(parser)
    group = parser.add_argument_group("the page")
    about = "the address to listen at; 0.0.0.0 is open to other machines (default: %(default)s)"
    add_value(group, "--host", None, str, about, default="127.0.0.1")
    add_value(
        group, "--port", None, int, "the port (default: the first free one from 7860)", default=0
    )
    add_switch(group, "--open", "open the page in a browser")
    about = "ask for this password, with the user name fca2 (default: the variable "
    about = f"{about}{PASSWORD}, or none)"
    add_value(group, "--password", "WORD", str, about, default=os.environ.get(PASSWORD))
    about = "keep uploads and results in this folder (default: a folder that is removed at the end)"
    add_value(group, "--work-dir", "DIR", str, about)
    about = "the largest upload that is accepted (default: %(default)s)"
    add_value(group, "--max-size", "GIB", float, about, default=4.0)


def run(args: argparse.Namespace) -> int:
    import signal
    import webbrowser

    from fca2_plugin.apps.serve import open_server
    from fca2_plugin.apps.upscale import UpscaleOptions

    # a server that is ended by kill tidies up as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open_server(
        config=args.config,
        checkpoint=args.checkpoint,
        weights=args.weights,
        options=UpscaleOptions(
            device=args.device, dtype=args.dtype, phase=args.phase, fca2=args.fca2
        ),
        host=args.host,
        port=args.port,
        password=args.password,
        work_dir=args.work_dir,
        max_gib=args.max_size,
    ) as server:
        print(f"{server.url}\nopen this address in a browser; press Ctrl-C to stop", flush=True)
        if args.open:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nending", flush=True)
    return 0
