"""How the command line is put together: groups of commands, each made when it is asked for.

To make a command, typer reads the signature of its function; of all commands together that takes longer than most of
them do.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import typer
from typer.core import TyperGroup

KEPT = "\b"
"""Before a paragraph of help whose lines stay as they are."""


def _unbroken(text: str) -> str:
    from textwrap import fill

    return fill(text, 76, break_on_hyphens=False, break_long_words=False)


class Told(str):
    """The end of a command's help that takes a while to find out: it is when the command is taken."""

    def __new__(cls, text: Callable[[], str]) -> Told:
        """Take what returns it."""
        made = super().__new__(cls, "…")
        made.text = text
        return made

    text: Callable[[], str]


class Group(TyperGroup):
    """A group whose help says the first paragraph of each command whole; plain, so that rich need not be imported."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; its examples are never broken within a word, so that they can be copied."""
        command = super().get_command(ctx, cmd_name)
        if command is not None and isinstance(command.epilog, Told):
            command.epilog = command.epilog.text()
        if command is not None and command.epilog and KEPT not in command.epilog:
            command.epilog = "\n\n".join(f"{KEPT}\n{_unbroken(one)}" for one in command.epilog.split("\n\n"))
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        told = self.commands.help_of if isinstance(self.commands, Later) else self._help_of
        said = [(name, told(name)) for name in self.list_commands(ctx)]
        rows = [(name, " ".join(help.partition("\n\n")[0].split())) for name, help in said if help is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def _help_of(self, name: str) -> str | None:
        command = self.commands[name]
        return None if command.hidden else command.help or ""


class Later(MutableMapping[str, Any]):
    """The commands of a group by their names, in order; each is made when it is first taken."""

    def __init__(self, app: typer.Typer) -> None:
        self._made: dict[str, Any] = {}
        self._known: dict[str, Any] = {_name(info): info for info in app.registered_commands}
        self._known |= {str(info.name): info for info in app.registered_groups}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _make(name, self._known[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._known.setdefault(name, None)
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def help_of(self, name: str) -> str | None:
        """Return the help of a command, which need not be made for that; None of one that is hidden."""
        info = self._known[name]
        if name in self._made or not _is_command(info):
            made = self[name]
            return None if made.hidden else made.help or ""
        return None if info.hidden else inspect.cleandoc(info.help or inspect.getdoc(info.callback) or "")


def assembled(app: typer.Typer) -> Any:
    """Return the command line of an app: what `typer.main.get_command` returns, with the commands made later."""
    group = typer.main.get_command(_without_commands(app))
    group.commands = Later(app)  # type: ignore[attr-defined]
    return _lightened(group)


def group_of(app: typer.Typer, name: str, text: str | None = None) -> typer.Typer:
    """Return the group of commands of this name, made where no floor has made it yet.

    Args:
        text: the group's help, from the floor that it belongs to.
    """
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            if text is not None:
                known.typer_instance.info.help = text
            return known.typer_instance
    group = typer.Typer(no_args_is_help=True, help=text, rich_markup_mode=None, cls=Group)
    app.add_typer(group, name=name)
    return group


def _name(info: Any) -> str:
    return str(info.name or typer.main.get_command_name(info.callback.__name__))


def _is_command(info: Any) -> bool:
    return not hasattr(info, "typer_instance")


def _make(name: str, info: Any) -> Any:
    """Return the command or group that typer makes of what was registered."""
    if _is_command(info):
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.registered_commands.append(info)
        return _lightened(typer.main.get_command(alone))
    whole = info.typer_instance
    group = typer.main.get_group(_without_commands(whole))
    group.name = name
    group.commands = Later(whole)
    return _lightened(group)


def _without_commands(app: typer.Typer) -> typer.Typer:
    bare = copy.copy(app)
    bare.registered_commands, bare.registered_groups = [], []
    return bare


def _lightened(command: Any) -> Any:
    """Let a command's parameters take what needs no conversion as it is.

    Typer makes a validator of every parameter, also where nothing was given: to import what makes validators takes
    as long as a small command. What does need converting or may be refused is handed to typer as ever.
    """
    params_of = command.get_params

    def get_params(ctx: Any) -> Any:
        found = params_of(ctx)  # with the option for help, which is made only then
        for param in found:
            if getattr(param, "_runtime_param", ...) is None and hasattr(param, "type_descriptor"):
                param._runtime_param = _AsGiven()
        return found

    command.get_params = get_params
    return command


class _AsGiven:
    """Converts a parameter's value as typer does."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value that the command gets. Raises what typer raises for one that is refused."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind = param.type_descriptor
        if kind.annotation is str and type(value) is str and not kind.is_choice and not kind.parameter_info.parser:
            return value
        if kind.annotation in (float, int) and type(value) is kind.annotation and value == param.default:
            return value
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)
