"""`web`: the pages on which people sign up, confirm, manage and unsubscribe."""

from typing import Annotated

import typer

from despatch.app.running import Heart, stop_on_signal, until_ready
from despatch.cli.context import err, example, here
from despatch.settings import host_and_port

PANEL = "Stages"


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel=PANEL, epilog=example("despatch web --listen 127.0.0.1:8090"))(web)


def web(
    context: typer.Context,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to serve; default: setting web_listen.")
    ] = "",
) -> None:
    """Serve the public pages: sign-up, confirmation, managing and unsubscribing.

    They need the setting public_url, the address at which a reverse proxy with TLS shows them to
    the world. People can sign up once mail_url is set too.
    """
    from despatch.web.public import pages
    from despatch.web.serving import Serving

    with here(context).open(service=True) as app:
        host, port = host_and_port(listen or app.settings.web_listen)
        made = pages(app)
        with stop_on_signal() as stop:
            until_ready(app, stop)
            with Heart(app, "pages"), Serving("pages", host, port, made.application()):
                err.print(f"Serving {made.public_url} on {host}:{port}", markup=False)
                if made.signups is None:
                    err.print("Sign-up is not open: set mail_url, your mail server")
                stop.wait()
