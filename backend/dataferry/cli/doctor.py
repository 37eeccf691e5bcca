"""``dataferry doctor``: what can be seen from here, redacted, to paste in an issue."""

import asyncio
import platform
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import SecretStr

from dataferry import __version__
from dataferry.cli import doctor_checks
from dataferry.cli.doctor_probes import probe
from dataferry.cli.findings import Findings
from dataferry.cli.output import ExitCode, print_json
from dataferry.core.errors import ConfigError
from dataferry.core.settings import Settings, environment_name, load_settings
from dataferry.core.telemetry import configure_logging, redact

_PACKAGES = (
    "fastapi",
    "sqlmodel",
    "dbos",
    "huggingface_hub",
    "kagglesdk",
    "langchain",
    "langchain-google-genai",
)


def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Also ask the real hubs and the model, read-only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Look at settings, disk and versions, and say what to mend. Nothing is made or changed."""
    configure_logging("ERROR", as_json=False)
    findings = Findings(quiet=as_json)
    packages = {package: version(package) for package in _PACKAGES}
    findings.say(f"Dataferry {__version__} · Python {platform.python_version()} · {platform.platform()}")
    findings.say(" · ".join(f"{package} {number}" for package, number in packages.items()))
    settings = _settings(findings)
    if settings is not None:
        _look(settings, findings, live=live)
    if as_json:
        print_json(
            {
                "ok": findings.ok,
                "version": __version__,
                "python": platform.python_version(),
                "platform": platform.platform(),
                "packages": packages,
                "settings": {} if settings is None else _shown(settings),
                "checks": findings.as_json(),
            }
        )
    if not findings.ok:
        raise typer.Exit(ExitCode.FAILED)


def _settings(findings: Findings) -> Settings | None:
    """None where one is wrong, which is a finding."""
    try:
        settings = load_settings()
    except ConfigError as error:
        wrong = error

        def fail() -> str:
            raise wrong

        findings.run("settings", fail)
        return None
    for name, value in _shown(settings).items():
        findings.say(f"       {name}={value}")
    return settings


def _look(settings: Settings, findings: Findings, *, live: bool) -> None:
    findings.run("names of settings", doctor_checks.check_names)
    for name, check in (
        ("data folder", doctor_checks.check_data_folder),
        ("key", doctor_checks.check_key),
        ("database", doctor_checks.check_database),
        ("downloads folder", doctor_checks.check_store),
        ("search index", doctor_checks.check_index),
        ("server", doctor_checks.check_server),
        ("Redis", doctor_checks.check_redis),
        ("language model", doctor_checks.check_model),
    ):
        findings.run(name, lambda check=check: check(settings))  # type: ignore[misc]
    findings.run("proxies", doctor_checks.check_proxies)
    if live:
        asyncio.run(probe(settings, findings))
    else:
        findings.say("The hubs and the model were not asked; `dataferry doctor --live` does.")


def _shown(settings: Settings) -> dict[str, str]:
    """What differs from the defaults; of a secret only that it is set."""
    return {
        environment_name(field): "set" if isinstance(value, SecretStr) else redact(str(value))
        for field in type(settings).model_fields
        if field in settings.model_fields_set and (value := getattr(settings, field)) is not None
    }
