"""``python -m dataferry.core.env_example`` prints ``.env.example``, made from the settings."""

import sys
from collections.abc import Iterator

from dataferry.core.settings import Settings, environment_name


def env_example() -> Iterator[str]:
    """The lines of ``.env.example``: every setting, its default and what it is for."""
    yield "# Every setting with its default. Copy to .env and change what you need."
    yield "# Made by `python -m dataferry.core.env_example`; a test keeps it complete."
    own, fields = Settings.__annotations__, Settings.model_fields
    for field, info in sorted(fields.items(), key=lambda each: each[0] not in own):
        if field == "data_dir":
            default = ""
        else:
            default = "" if info.default is None else str(info.default).removesuffix(".0")
        if isinstance(info.default, bool):
            default = default.lower()
        yield ""
        yield f"# {info.description}"
        yield f"{'' if default else '#'}{environment_name(field)}={default}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(env_example()) + "\n")
