"""``fca2 serve``."""

import argparse
import os

from fca2_plugin.cli._options import add_network, add_options

__all__ = ["EXAMPLE", "HELP", "add_arguments", "run"]

HELP = "open a local web page that upscales uploaded videos and compares before and after"
EXAMPLE = "fca2 serve --open"
PASSWORD = "FCA2_PASSWORD"  # a variable is not seen by other users, as a command line is
PAGE = {
    "--host HOST": "the address to listen at; 0.0.0.0 is open to other machines (default: "
    "%(default)s)",
    "--port N": "the port (default: the first free one from 7860)",
    "--open": "open the page in a browser",
    "--password WORD": "ask for this password, with the user name fca2 (default: the variable "
    f"{PASSWORD}, or none)",
    "--work-dir DIR": "keep uploads and results in this folder (default: a folder that is removed "
    "at the end)",
    "--max-size GIB": "the largest upload that is accepted (default: %(default)s)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_network(parser)
    group = parser.add_argument_group("the page")
    password = os.environ.get(PASSWORD)
    add_options(group, PAGE, host="127.0.0.1", port=0, password=password, max_size=4.0)


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
