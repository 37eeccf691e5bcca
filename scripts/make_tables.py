"""Make the files of the built-in datasets from scikit-learn's copies.

    python scripts/make_tables.py [FOLDER]

writes ``FOLDER/<name>/{train.csv,test.csv,README.md}`` and ``FOLDER/NOTICE.md`` (by default into the
package) and prints what each plugin must pin. The same bytes come out every time and everywhere: a
row's place is decided by a SHA-256 over the seed, the dataset's name and the row's number, never by a
library's random generator.
"""

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from sklearn import datasets

from dataferry.plugins import Plugin, builtin_datasets

PACKAGE = Path(__file__).parents[1] / "backend" / "dataferry" / "plugins" / "tables"
SEED = 2026
#: One row in five is for the test split, within each class.
TEST_SHARE = 5

LOADERS: dict[str, Callable[..., object]] = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
    "digits": datasets.load_digits,
}

Row = tuple[str, ...]


def main(folder: Path) -> None:
    plugins = [plugin for plugin in builtin_datasets().values() if plugin.name in LOADERS]
    for plugin in plugins:
        contents = {**tables(plugin), "README.md": readme(plugin)}
        print(f"# {plugin.name}")
        for path, content in sorted(contents.items()):
            target = folder / plugin.name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            print(f'ShippedFile("{path}", {len(content):_}, "{sha256(content).hexdigest()}"),')
    (folder / "NOTICE.md").write_bytes(notice(plugins))


def tables(plugin: Plugin) -> dict[str, bytes]:
    """``train.csv`` and ``test.csv``: UTF-8, comma, LF, one header line."""
    bunch = LOADERS[plugin.name]()
    columns = [_as_text(column) for column in bunch.data.T]
    if plugin.classes:
        columns.append([plugin.classes[label] for label in bunch.target])
    else:
        columns.append(_as_text(bunch.target))
    rows: list[Row] = list(zip(*columns, strict=True))
    train, test = _split(plugin.name, rows, stratified=bool(plugin.classes))
    header = tuple(column.name for column in plugin.columns)
    return {"train.csv": _csv([header, *train]), "test.csv": _csv([header, *test])}


def _as_text(column: Sequence[float]) -> list[str]:
    """Whole numbers without a decimal point, where the whole column is whole; else the shortest
    decimal that gives the same double."""
    values = [float(value) for value in column]
    if all(value.is_integer() for value in values):
        return [str(int(value)) for value in values]
    return [repr(value) for value in values]


def _split(name: str, rows: Sequence[Row], *, stratified: bool) -> tuple[list[Row], list[Row]]:
    """Rows in a shuffled order, a fifth of each class in the second list."""
    shuffled = sorted(range(len(rows)), key=lambda n: sha256(f"{SEED}:{name}:{n}".encode()).digest())
    strata: dict[str, list[int]] = defaultdict(list)
    for number in shuffled:
        strata[rows[number][-1] if stratified else ""].append(number)
    test = {number for stratum in strata.values() for number in stratum[: round(len(stratum) / TEST_SHARE)]}
    return (
        [rows[number] for number in shuffled if number not in test],
        [rows[number] for number in shuffled if number in test],
    )


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def readme(plugin: Plugin) -> bytes:
    """The dataset's own page, from its declaration."""
    lines = [f"# {plugin.title}", "", plugin.description, "", plugin.about, ""]
    lines += ["## Files", "", "| file | split | rows |", "|---|---|---|"]
    lines += [f"| `{split.path}` | {split.name} | {split.rows:,} |" for split in plugin.splits]
    how = "of each class " if plugin.classes else ""
    lines += ["", f"One row in five {how}is in the test split, chosen and ordered by a fixed seed."]
    lines += ["", "## Columns", "", "| column | role | meaning |", "|---|---|---|"]
    lines += [f"| `{column.name}` | {column.role} | {column.description} |" for column in plugin.columns]
    if plugin.classes:
        lines += ["", "Classes: " + ", ".join(f"`{name}`" for name in plugin.classes) + "."]
    lines += ["", "## Source and licence", "", f"- Source: <{plugin.homepage}>"]
    lines += [f"- Cite as: {plugin.citation}", f"- Licence: {plugin.license}. {plugin.license_note}"]
    lines += [f"- Changes: {CHANGES}"]
    return ("\n".join(lines) + "\n").encode()


CHANGES = "taken from scikit-learn's copy, columns named, written as CSV, split in two."


def notice(plugins: Iterable[Plugin]) -> bytes:
    """Sources, licences and changes of everything in the folder."""
    lines = ["# Notices for the built-in datasets", ""]
    lines += [
        "Made by `scripts/make_tables.py`. The tables come from the datasets that scikit-learn carries."
    ]
    for plugin in plugins:
        lines += ["", f"## {plugin.title} (`{plugin.name}/`)", "", f"- Source: <{plugin.homepage}>"]
        lines += [f"- Cite as: {plugin.citation}", f"- Licence: {LICENSES[plugin.license]}"]
        lines += [f"- {plugin.license_note}", f"- Changes: {CHANGES}"]
    lines += ["", "## scikit-learn", "", "```text", BSD_3_CLAUSE.strip(), "```"]
    return ("\n".join(lines) + "\n").encode()


LICENSES = {
    "CC-BY-4.0": "CC BY 4.0, <https://creativecommons.org/licenses/by/4.0/>",
    "BSD-3-Clause": "BSD 3-Clause, as scikit-learn distributes it; the text is below",
}

BSD_3_CLAUSE = """
BSD 3-Clause License

Copyright (c) 2007-2026 The scikit-learn developers.
All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this
  list of conditions and the following disclaimer.

* Redistributions in binary form must reproduce the above copyright notice,
  this list of conditions and the following disclaimer in the documentation
  and/or other materials provided with the distribution.

* Neither the name of the copyright holder nor the names of its
  contributors may be used to endorse or promote products derived from
  this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""

if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
