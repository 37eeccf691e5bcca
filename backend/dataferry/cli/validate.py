"""``dataferry validate`` and ``dataferry training``: for who writes a plugin, or trains with one."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dataferry.cli.output import AsJson, ExitCode, note, out, print_json
from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.settings import Settings, load_settings
from dataferry.plugins import AnyPlugin, DatasetPlugin, installed_plugins
from dataferry.plugins.discovery import discover
from dataferry.plugins.faults import PluginFault
from dataferry.plugins.person import read_plugin_file
from dataferry.plugins.trial import Subject, tried
from dataferry.plugins.validation import Line

_SHOWN = {"ok": "ok", "failed": "FAILED", "skipped": "-"}


def validate(
    plugin: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A dataset's name, or a plugin's file.")],
    download: Annotated[
        bool,
        typer.Option(help="Fetch its files into a folder for the purpose, and delete them at the end."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Check a plugin against the whole contract, line by line. It ends with one training batch where torch is
    installed."""
    lines = []
    settings = load_settings()
    for line in _lines(plugin, settings, download=download):
        lines.append(line)
        if not as_json:
            out.print(f"{_SHOWN[line.outcome]:6}  {line.name:17}  {line.detail}")
    if as_json:
        print_json([asdict(line) for line in lines])
    failed = sum(line.outcome == "failed" for line in lines)
    if failed:
        note(f"{failed} of {len(lines)} checks failed.")
        raise typer.Exit(ExitCode.CORRUPT)
    note(f"{plugin} keeps the contract: {len(lines)} checks.")


def training(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A built-in dataset that is here.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    as_json: AsJson = False,
) -> None:
    """Write data.yaml and its folders, for tools that train on images."""
    from dataferry.plugins.training_files import write_training_files

    plugins = installed_plugins(load_settings())
    found = plugins.get(name)
    if found is None:
        raise _unknown(name, list(plugins))
    if not isinstance(found, DatasetPlugin):
        raise InvalidInput(f"{found.title} is a table.", next_step="Choose a dataset of images.")
    page = str(write_training_files(found, folder))
    if as_json:
        print_json({"data_yaml": page})
    else:
        out.print(page)


def _lines(wanted: str, settings: Settings, *, download: bool) -> Iterator[Line]:
    """Syntax, import and registration first; then the check-list, if there is a plugin."""
    settings.store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".validate-", dir=settings.store) as folder:
        store = Path(folder) if download else settings.store
        for found in _found(wanted, settings, store):
            if isinstance(found, PluginFault):
                yield Line(found.kind.replace("_", " "), "failed", str(found))
            elif isinstance(found, DatasetPlugin):
                from dataferry.plugins import validation

                yield Line("import", "ok", f"{found.display_name} is registered as {found.name}")
                yield _listed(found, settings)
                yield from validation.validate(found, download=download)
            else:
                yield Line("import", "ok", f"{found.title}: a table of {len(found.columns)} columns")


def _found(wanted: str, settings: Settings, store: Path) -> list[AnyPlugin | PluginFault]:
    """What a name or a file stands for. Errors: ``NotFound``."""
    file = Path(wanted)
    if file.suffix in (".py", ".toml"):
        if not file.is_file():
            raise NotFound(f"There is no file {wanted}.", next_step="Name the plugin's file.")
        file = file.absolute()
        code = [Subject.of_file(file)] if file.suffix == ".py" else []
        return [*tried(code, store).values()] or list(read_plugin_file(file, store))
    plugins = discover(settings.plugins_folder, store)
    if wanted in plugins:
        return [plugins[wanted]]
    faults = [fault for fault in plugins.faults if wanted in (fault.name, Path(fault.where).stem)]
    if not faults:
        raise _unknown(wanted, list(plugins))
    return list(faults)


def _listed(plugin: DatasetPlugin, settings: Settings) -> Line:
    """Whether the server will find it."""
    found = installed_plugins(settings).found.get(plugin.name)
    if found is None:
        place = f"it is not in {settings.plugins_folder}: move it there, then start the server again"
        return Line("listing", "skipped", place)
    if plugin._file is not None and found.file != str(plugin._file):
        return Line("listing", "failed", f"There is another dataset of this name, in {found.file}.")
    return Line("listing", "ok", found.file)


def _unknown(name: str, names: list[str]) -> NotFound:
    return NotFound(
        f"There is no plugin named {name!r}.",
        next_step=f"Name its file, or one of: {', '.join(names)}.",
    )
