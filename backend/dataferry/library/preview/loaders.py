"""The code that loads a table, ready to paste."""

from collections.abc import Mapping

_LINE_CHARS = 100


def pandas_loader(path: str, function: str, arguments: Mapping[str, str] | None = None) -> str:
    """``table = pd.function(path, …)``. ``arguments``: by name, each as Python code."""
    given = [repr(path), *(f"{name}={code}" for name, code in (arguments or {}).items())]
    call = f"table = pd.{function}({', '.join(given)})"
    if len(given) > 1 and len(call) > _LINE_CHARS:
        call = f"table = pd.{function}(\n" + "".join(f"    {one},\n" for one in given) + ")"
    return f"import pandas as pd\n\n{call}"


#: How Python opens what is packed; a zip archive has a longer way.
_OPEN = {"gzip": "gzip.open", "bz2": "bz2.open", "xz": "lzma.open", "zstd": "zstandard.open"}


def json_loader(
    path: str, packing: str | None, encoding: str, expression: str, *, lines: bool = False
) -> str:
    """Python that loads ``document`` and makes of it the table that ``expression`` names. ``lines``: each
    line of the file is a document, and they are loaded as a list."""
    if packing == "zip":
        opened, module = f"zipfile.ZipFile({path!r})", "zipfile"
        text = f"archive.read(archive.namelist()[0]).decode({encoding!r})"
        loaded = f"[json.loads(line) for line in {text}.splitlines() if line.strip()]"
        code = [f"with {opened} as archive:", f"    document = {loaded if lines else f'json.loads({text})'}"]
    else:
        function = _OPEN[packing] if packing else "open"
        module = function.partition(".")[0] if packing else ""
        loaded = "[json.loads(line) for line in file if line.strip()]" if lines else "json.load(file)"
        code = [
            f'with {function}({path!r}, "rt", encoding={encoding!r}) as file:',
            f"    document = {loaded}",
        ]
    imports = sorted(f"import {name}" for name in {"json", module} - {""})
    return "\n".join([*imports, "", "import pandas as pd", "", *code, f"table = {expression}"])


def parquet_loader(path: str, packing: str | None) -> str:
    if packing is None:
        return pandas_loader(path, "read_parquet")
    return _unpacked(path, packing, "read_parquet")


def arrow_loader(path: str, packing: str | None, *, is_file: bool) -> str:
    if not is_file:
        opened = f"pa.input_stream({path!r})" if packing in (None, "gzip", "bz2") else f"pa.OSFile({path!r})"
        return f"import pyarrow as pa\n\ntable = pa.ipc.open_stream({opened}).read_pandas()"
    return (
        pandas_loader(path, "read_feather") if packing is None else _unpacked(path, packing, "read_feather")
    )


def _unpacked(path: str, packing: str, function: str) -> str:
    """What pandas reads from a packed file, after Python has unpacked it."""
    if packing == "zip":
        opened = f"with zipfile.ZipFile({path!r}) as archive:\n    data = archive.read(archive.namelist()[0])"
    else:
        opened = f'with {_OPEN[packing]}({path!r}, "rb") as file:\n    data = file.read()'
    module = "zipfile" if packing == "zip" else _OPEN[packing].partition(".")[0]
    imports = f"import io\nimport {module}\n\nimport pandas as pd\n\n"
    return f"{imports}{opened}\ntable = pd.{function}(io.BytesIO(data))"
