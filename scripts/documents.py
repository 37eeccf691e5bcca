"""Writes the parts of the documents that are made from the code."""

from pathlib import Path

from dataferry.core.settings import Settings, environment_name

ROOT = Path(__file__).parents[1]
_BEGIN, _END = "<!-- settings: begin -->\n", "<!-- settings: end -->"


def settings_table() -> str:
    """Every setting as a row of Markdown."""
    rows = ["| setting | default | what it is for |", "|---|---|---|"]
    for field, about in Settings.model_fields.items():
        if field == "data_dir":
            default = "the user's data folder"
        elif about.default is None:
            default = "–"
        else:
            shown = str(about.default).removesuffix(".0")
            default = f"`{shown.lower() if isinstance(about.default, bool) else shown}`"
        rows.append(f"| `{environment_name(field)}` | {default} | {about.description} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    path = ROOT / "docs" / "configuration.md"
    before, _, rest = path.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(before + _BEGIN + settings_table() + _END + after)


if __name__ == "__main__":
    main()
