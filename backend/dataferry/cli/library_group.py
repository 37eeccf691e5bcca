"""How ``dataferry library`` is read: without a command it lists, and with a dataset's name it shows that."""

from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup

#: What is meant where the first word is no command.
_DEFAULT = "show"
#: Options of that command alone.
_OF_DEFAULT = frozenset({"--update", "--delete"})


class LibraryGroup(TyperGroup):
    """``library REF`` is ``library show REF``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            word = next(self._words(args), None)
            if not _OF_DEFAULT.isdisjoint(args) if word is None else word not in self.commands:
                args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Commands, and the datasets that ``show`` takes."""
        show = self.commands[_DEFAULT]
        names = [item for param in show.params for item in self._offered(show, param, ctx, incomplete)]
        return [*super().shell_complete(ctx, incomplete), *names]

    def _offered(self, show: Any, param: Any, ctx: Any, incomplete: str) -> Any:
        if param.param_type_name != "argument":
            return []
        return param.shell_complete(
            show.make_context(_DEFAULT, [], parent=ctx, resilient_parsing=True), incomplete
        )

    def _words(self, args: list[str]) -> Iterator[str]:
        """The arguments that are neither options nor their values."""
        with_value = {
            name
            for param in (*self.params, *self.commands[_DEFAULT].params)
            if param.param_type_name == "option" and not getattr(param, "is_flag", False)
            for name in param.opts
        }
        skipped = False
        for arg in args:
            if skipped or arg.startswith("-"):
                skipped = not skipped and arg in with_value
            else:
                yield arg
