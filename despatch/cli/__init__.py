"""The command line: thin, over `despatch.app`.

Standard output is what a command gives back, standard error what it says meanwhile. A fault is
one line that names the thing and the way out; its exit code is that of despatch/errors.py.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import despatch
from despatch.cli import (
    alarms,
    asking,
    backtesting,
    deliveries,
    digests,
    explaining,
    exporting,
    gaps,
    judging,
    matching,
    messages,
    operating,
    privacy,
    public,
    reclassifying,
    replaying,
    sources,
    stages,
    subscribers,
    subscribing,
    themes,
    topics,
    tracing,
)
from despatch.cli.context import Here, complain
from despatch.cli.paragraphs import flow
from despatch.errors import DespatchError

app = typer.Typer(
    name="despatch",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="First steps: [bold]despatch subscribe --theme migration --to console://[/bold], then "
    "[bold]despatch sources add URL[/bold], then [bold]despatch up[/bold]. "
    "Every command has an example: despatch COMMAND --help",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"despatch {despatch.__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            envvar="DESPATCH_HOME",
            help="Folder that holds all state of the embedded default.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="DESPATCH_CONFIG",
            help="Settings file; default: despatch.toml in the home folder.",
        ),
    ] = None,
    _version_asked: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Watches government releases and tells people about the ones that matter, with the reason."""
    context.obj = Here(home, config)


stages.add_to(app)
replaying.add_to(app)
judging.add_to(app)
matching.add_to(app)
explaining.add_to(app)
themes.add_to(app)
exporting.add_to(app)
reclassifying.add_to(app)
subscribing.add_to(app)
backtesting.add_to(app)
subscribers.add_to(app)
asking.add_to(app)
sources.add_to(app)
tracing.add_to(app)
topics.add_to(app)
alarms.add_to(app)
deliveries.add_to(app)
digests.add_to(app)
messages.add_to(app)
public.add_to(app)
privacy.add_to(app)
gaps.add_to(app)
operating.add_to(app)
flow(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else [*arguments, *sys.argv[1:]]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 0, or as despatch/errors.py says; 130 on Ctrl-C."""
    command = typer.main.get_command(app)
    try:
        code = command.main(list(arguments), prog_name="despatch", standalone_mode=False)
    except typer.Abort:
        complain("stopped")
        return 130
    except typer.TyperException as exc:
        return _refuse(exc)
    except DespatchError as exc:
        complain(str(exc))
        return exc.exit_code
    except KeyboardInterrupt:
        return 130
    except SystemExit as exc:
        if isinstance(exc.__context__, BrokenPipeError):  # `… | head`: the reader has enough
            return 0
        raise
    return code if isinstance(code, int) else 0


def _refuse(exc: typer.TyperException) -> int:
    """Say what is wrong with the command line; a group given alone has shown its help."""
    context = getattr(exc, "ctx", None)
    message = exc.format_message()
    if message:
        path = getattr(context, "command_path", "despatch")
        text = message.rstrip(".")
        if _query_as_option(exc, context):
            text += f". A query that begins with - stands last, after --: {path} -- '-theme:trade'"
        complain(f"{text}{'' if text.endswith('?') else '.'} See: {path} --help")
    return exc.exit_code


def _query_as_option(exc: typer.TyperException, context: Any) -> bool:
    """Tell whether what looked like a short option may be a query, `-theme:trade`."""
    option = str(getattr(exc, "option_name", "--"))
    named = {one.name for one in context.command.params if one.param_type_name == "argument"}
    return "query" in named and not option.startswith("--")
