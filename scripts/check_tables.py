"""All 239 CSV files of two public packages, each shown as it is written: ``python -m scripts.check_tables``.

The packages are fetched by pip, pinned by hash. What is right is read by Python's csv module, with a table of
what a person sees in each file: its separator, its quotes, the lines above its header. The loader of each
preview is run too, and must load the same columns and rows. Takes about a minute, and the network for the
first run; it is no part of ``make test``.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataferry.library.preview import NotATable, Table, read_here
from dataferry.library.preview.head import HEAD_BYTES

ROOT = Path(__file__).parents[1]
#: Where the fetched packages stay.
CACHE = ROOT / ".setup" / "tables"
#: The wheels of one platform, so that every machine checks the same bytes.
PINS = """\
statsmodels==0.15.0 --hash=sha256:b67886b66d9c7ca118526accedb5c6de7ffd74c015dc0492ea0b1690192b65da
vega-datasets==0.9.0 --hash=sha256:3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d
"""
PLATFORM = ("--platform=manylinux_2_28_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311")
FILES = 239
#: Of each file so many rows are compared, cell by cell; of the others their number.
ROWS = 2_000


@dataclass(frozen=True)
class Written:
    """How a file is written, as a person sees it. ``columns``: where line ends make one more, empty."""

    separator: str = ","
    quote: str = '"'
    above: int = 0
    header: bool = True
    columns: int | None = None
    row_names: bool = False


NO_HEADER = Written(header=False)
BLANKS = Written(separator=" ", header=False)
_RESULTS = "statsmodels/tsa/statespace/tests/results"
#: What is not a header and rows with commas between their cells.
EXCEPTIONS = {
    "statsmodels/datasets/anes96/anes96.csv": Written(separator="\t", quote="'"),
    "statsmodels/datasets/anes96/src/anes96.csv": Written(separator=" "),
    "statsmodels/datasets/interest_inflation/E6_jmulti.csv": BLANKS,
    "statsmodels/datasets/macrodata/src/unemp.csv": Written(above=9, columns=4),
    "statsmodels/datasets/modechoice/modechoice.csv": Written(separator=";"),
    # A quoted description above the table spans lines of its own: 13 records.
    "statsmodels/datasets/scotland/src/scotland_population.csv": Written(above=13, columns=13),
    "statsmodels/datasets/spector/spector.csv": Written(separator=" ", quote="'"),
    # Written by R, which names no column of row names.
    "statsmodels/datasets/scotland/src/scotvote.csv": Written(separator=" ", row_names=True),
    "statsmodels/regression/tests/results/dietox.csv": Written(row_names=True),
    **dict.fromkeys(
        (
            "statsmodels/discrete/tests/results/phat_mnlogit.csv",
            "statsmodels/discrete/tests/results/yhat_mnlogit.csv",
            "statsmodels/duration/tests/results/survival_data_1000_10.csv",
            "statsmodels/duration/tests/results/survival_data_100_5.csv",
            "statsmodels/duration/tests/results/survival_data_20_1.csv",
            "statsmodels/duration/tests/results/survival_data_50_1.csv",
            "statsmodels/duration/tests/results/survival_data_50_2.csv",
            "statsmodels/tsa/tests/results/AROLSConstantPredict.csv",
            "statsmodels/tsa/tests/results/AROLSNoConstantPredict.csv",
            "statsmodels/tsa/vector_ar/tests/Matlab_results/test_coint.csv",
        ),
        BLANKS,
    ),
    **dict.fromkeys(
        (
            *(f"statsmodels/discrete/tests/results/{name}.csv" for name in (
                "mnlogit_resid", "nbinom_resids", "poisson_resid", "predict_prob_poisson", "yhat_poisson",
            )),
            *(f"statsmodels/genmod/tests/results/{name}.csv" for name in (
                "enet_binomial", "enet_poisson", "gee_linear_1", "gee_logistic_1", "gee_nested_linear_1",
                "gee_nominal_1", "gee_ordinal_1", "gee_poisson_1", "igaussident_resids", "medparlogresids",
            )),
            "statsmodels/nonparametric/tests/Xi_test_data.csv",
            "statsmodels/nonparametric/tests/results/results_kde_fft.csv",
            "statsmodels/regression/tests/results/lasso_data.csv",
            "statsmodels/stats/tests/results/bootleg.csv",
            *(f"{_RESULTS}/cfa_tvpvar_{name}.csv" for name in (
                "Omega_11", "Omega_22", "S10", "Si0", "beta", "invP", "posterior_mean", "state_variates",
                "v10", "vi0",
            )),
            f"{_RESULTS}/clark1989.csv",
            f"{_RESULTS}/results_wpi1_ar3_matlab_ssm.csv",
            f"{_RESULTS}/results_wpi1_missing_ar3_matlab_ssm.csv",
            "statsmodels/tsa/stl/tests/results/stl_co2.csv",
            "statsmodels/tsa/tests/results/ARMLEConstantPredict.csv",
            "statsmodels/tsa/tests/results/bds_data.csv",
            "statsmodels/tsa/tests/results/bds_results.csv",
        ),
        NO_HEADER,
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, default=CACHE, help="the folder of the packages")
    wheels: Path = parser.parse_args().wheels
    if len(list(wheels.glob("*.whl"))) != len(PINS.splitlines()):
        fetch(wheels)
    # What pandas says of a column with numbers and words is its own affair.
    warnings.simplefilter("ignore")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = list(unpack(wheels, Path(folder)))
        unknown = EXCEPTIONS.keys() - {name for name, _ in found}
        if len(found) != FILES or unknown:
            sys.exit(f"{len(found)} files instead of {FILES}; not among them: {sorted(unknown)}")
        wrong = [(name, reason) for name, path in found for reason in faults(name, path)]
    for name, reason in wrong:
        print(f"{name}: {reason}")
    right = FILES - len({name for name, _ in wrong})
    print(f"{right} of {FILES} files show their own columns and values ({time.monotonic() - started:.0f} s).")
    sys.exit(bool(wrong))


def fetch(wheels: Path) -> None:
    wheels.mkdir(parents=True, exist_ok=True)
    pins = wheels / "pins.txt"
    pins.write_text(PINS)
    pip = ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", *PLATFORM]
    command = [sys.executable, "-m", *pip, "--dest", str(wheels), "--requirement", str(pins)]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be fetched. Connect this machine to the network, or name --wheels.")


def unpack(wheels: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".csv"):
                    yield name, Path(archive.extract(name, folder))


def faults(name: str, path: Path) -> Iterator[str]:
    """What is wrong with the preview of a file, and with its loader; nothing where both are right."""
    columns, rows = read(path, EXCEPTIONS.get(name, Written()))
    try:
        table = read_here(path, name, ROWS, cell_chars=1_000_000)
    except NotATable as error:
        yield f"refused: {error}"
        return
    shown = [column.name for column in table.columns]
    if (table.column_count, shown) != (len(columns), columns[: len(shown)]):
        yield f"columns {shown[:5]} instead of {columns[:5]}"
        return
    if table.row_count != len(rows) and (table.row_count is not None or path.stat().st_size <= HEAD_BYTES):
        yield f"{table.row_count} rows instead of {len(rows)}"
    for number, (given, right) in enumerate(zip(table.rows, rows, strict=False)):
        # A cell that a short row lacks is told from an empty one.
        whole: list[str | None] = [*right, *([None] * (len(columns) - len(right)))]
        if list(given) != whole[: len(given)]:
            yield f"row {number} is {given[:5]} instead of {right[:5]}"
            break
    yield from loader_faults(table, len(rows))


def loader_faults(table: Table, rows: int) -> Iterator[str]:
    scope: dict[str, Any] = {}
    try:
        exec(table.loader, scope)
    except Exception as error:
        yield f"its loader fails: {error!r}\n{table.loader}"
        return
    frame = scope["table"]
    if (len(frame), len(frame.columns)) != (rows, table.column_count):
        yield f"its loader loads {len(frame)} rows of {len(frame.columns)} columns\n{table.loader}"
    for made, column in zip(map(str, frame.columns), table.columns, strict=False):
        # pandas numbers a name that was there before.
        same = column.name in (made, made.rpartition(".")[0])
        if not same and not (made.startswith("Unnamed") and not column.name.strip()):
            yield f"its loader calls {column.name!r} {made!r}"


def read(path: Path, written: Written) -> tuple[list[str], list[list[str]]]:
    """Names and rows, without what this product knows of tables."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        blanks = written.separator == " "
        reader = csv.reader(
            (line.strip(" ") for line in file) if blanks else file,
            delimiter=written.separator,
            quotechar=written.quote,
            skipinitialspace=blanks,
        )
        records = [record for record in list(reader)[written.above :] if record and record != [""]]
    if blanks:
        records = [record[:-1] if record[-1] == "" else record for record in records]
    if written.columns is not None:
        records = [record[: written.columns] for record in records]
    if not written.header:
        return [str(number) for number in range(max(map(len, records)))], records
    header, *rows = records
    return (["", *header] if written.row_names else header), rows


if __name__ == "__main__":
    main()
