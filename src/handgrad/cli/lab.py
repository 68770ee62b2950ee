"""handgrad lab: serve the page in which one looks inside, and open it.

The page is there within a fraction of a second, so nothing heavy is imported unless a MODEL is named.
"""

import sys
import threading

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, output_options, say
from handgrad.lab import contents
from handgrad.lab.server import serve


@click.command(epilog=examples("handgrad lab", "handgrad lab model.safetensors --port 8000 --no-open"))
@click.argument("model", metavar="[MODEL]", type=FILE, required=False)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(1, 65535),
    help="Number of the port on the loopback address. Default: a free port.",
)
@click.option(
    "--open/--no-open", "opens", default=True, show_default=True, help="Open the page in the browser."
)
@output_options
def lab(model: str | None, port: int | None, opens: bool, as_json: bool, quiet: bool, debug: bool) -> None:
    """Draw digits, train and look inside, in the browser.

    The page has three rooms. In Draw, a digit that is drawn is read while it grows, and every feature of the
    network can be looked at. In Train, the network learns from MNIST, in the browser, by the same kernel as
    'handgrad train'. In Step, every number of the forward pass and of backpropagation can be looked at.

    MODEL is a model file, as 'handgrad train' writes it, for images of 28 x 28 pixels. Default: the network
    in the box. The page is served on this machine alone, and nothing is sent elsewhere or written. Ctrl-C
    ends it, with exit code 0.
    """
    files = contents.folder(contents.network(model))

    def ready(address: str) -> None:
        if as_json:
            emit({"address": address})
        else:
            click.echo(address)
        say(quiet, "press Ctrl-C to end")
        sys.stdout.flush()
        if opens:
            threading.Thread(target=_open, args=(address,), daemon=True).start()

    serve(files, port or 0, ready)


def _open(address: str) -> None:
    import webbrowser

    webbrowser.open(address)
