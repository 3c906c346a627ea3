"""``fca2 serve``."""

import argparse
import os

from fca2_plugin.cli._options import NETWORK, OLD_NETWORK, WEIGHTS, given

__all__ = ["EPILOG", "EXAMPLE", "HELP", "OLD", "OPTIONS", "run"]

HELP = "open a local web page that upscales uploaded videos and compares before and after"
EXAMPLE = "fca2 serve --open"
PASSWORD = "FCA2_PASSWORD"  # a variable is not seen by other users, as a command line is
OPTIONS = {
    "the network (default: one that ships)": NETWORK,
    "the page": {
        "--host HOST": "the address to listen at; 0.0.0.0 is open to other machines (default: "
        "127.0.0.1)",
        "--port N": "the port (default: the first free one from 7860)",
        "--open": "open the page in a browser",
        "--password WORD": "ask for this password, with the user name fca2 (default: the variable "
        f"{PASSWORD}, or none)",
        "--work-dir DIR": "keep uploads and results in this folder (default: a folder that is "
        "removed at the end)",
        "--max-size GIB": "the largest upload that is accepted (default: 4.0)",
    },
}
OLD = OLD_NETWORK
EPILOG = WEIGHTS


def run(args: argparse.Namespace) -> int:
    import signal
    import webbrowser

    from fca2_plugin.apps.serve import open_server
    from fca2_plugin.apps.upscale import UpscaleOptions

    # a server that is ended by kill tidies up as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    args.max_gib = args.max_size
    names = ("config", "checkpoint", "weights", "host", "port", "work_dir", "max_gib")
    with open_server(
        **given(args, names),
        options=UpscaleOptions(**given(args, ("device", "dtype", "phase", "fca2"))),
        password=args.password or os.environ.get(PASSWORD),
    ) as server:
        print(f"{server.url}\nopen this address in a browser; press Ctrl-C to stop", flush=True)
        if args.open:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nending", flush=True)
    return 0
