"""Tool results as text for a model: short, and with every hub's text marked as data.

Titles, descriptions and readmes are written by strangers. They are cut, stripped of what could end
their fence, and put between marks that the system prompt explains; the words around them are files
in ``prompts/results``.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from dataferry.core.job_types import JobView
from dataferry.core.model_cards import ModelCard
from dataferry.core.problems import SourceProblem
from dataferry.core.sizes import readable_count, readable_parameters
from dataferry.core.types import View
from dataferry.core.visible import for_model
from dataferry.library.card_views import CardCopy, DatasetCard
from dataferry.library.comparison_views import ComparedDataset, Comparison
from dataferry.library.verdict_views import Verdict
from dataferry.library.versions.views import VersionComparison
from dataferry.library.views import DatasetView
from dataferry.tools.formatting import format_job_state, format_size
from dataferry.tools.outputs import (
    OUTPUTS,
    CompareOutput,
    DetailsOutput,
    HealthOutput,
    JobsOutput,
    LibraryOutput,
    ModelsOutput,
    PreviewOutput,
    QueryOutput,
    SearchOutput,
    StartOutput,
    VersionsOutput,
)
from dataferry.tools.prompts import Prompts

#: Characters of each that a model gets.
_TITLE, _DESCRIPTION, _README, _ERROR = 120, 240, 3_000, 400
#: Of a cell of a preview.
_CELL = 80
#: Columns of a comparison that a model gets.
_COLUMNS = 40


def output_text(prompts: Prompts, result: View) -> str:
    """A tool's output as text for a model."""
    match result:
        case SearchOutput():
            return _search(prompts, result)
        case ModelsOutput():
            return _models(prompts, result)
        case DetailsOutput(card=card, readme=readme, verdict=verdict):
            facts = _lines([_card(prompts, 1, card), *([_verdict(prompts, verdict)] if verdict else [])])
            quoted = quote(prompts, readme, _README) if readme else ""
            return prompts.text("results/details", dataset=facts, readme=quoted)
        case PreviewOutput():
            return _preview(prompts, result)
        case QueryOutput():
            return _query(prompts, result)
        case HealthOutput():
            return _health(prompts, result)
        case VersionsOutput():
            return _versions(prompts, result)
        case CompareOutput(comparison=comparison):
            return _comparison(prompts, comparison)
        case StartOutput():
            line = _card(prompts, 1, result.card)
            if result.ticket is not None:
                return prompts.text("results/started", dataset=line, status=result.ticket.status)
            if result.card.local_status == "downloaded":
                return prompts.text("results/already_here", dataset=line)
            reason = fenced(result.reason or "", _ERROR)
            return prompts.text("results/waits_for_click", dataset=line, reason=reason)
        case JobsOutput(jobs=jobs, reason=reason):
            lines = _lines(_job(prompts, job) for job in jobs)
            return prompts.text(
                "results/jobs", count=len(jobs), jobs=lines, reason=fenced(reason or "", _ERROR)
            )
        case LibraryOutput(datasets=datasets, total=total):
            lines = _lines(_row(prompts, dataset) for dataset in datasets)
            return prompts.text("results/library", total=total, datasets=lines)
        case _:
            return ""


def stored_output_text(prompts: Prompts, tool: str, stored: Mapping[str, Any]) -> str:
    """An output of an earlier answer, stored as JSON, as text for a model."""
    try:
        if tool in OUTPUTS:
            return output_text(prompts, OUTPUTS[tool].model_validate(stored))
    except ValidationError:
        # Stored by an older version.
        pass
    return prompts.text("results/unreadable")


def error_text(prompts: Prompts, error: str) -> str:
    """The failure of a tool as text for a model."""
    return prompts.text("results/failed", error=fenced(error, _ERROR))


def quote(prompts: Prompts, text: str, length: int) -> str:
    """A stranger's long text between marks."""
    return prompts.text("results/untrusted", text=fenced(text, length, lines=True))


def fenced(text: str, length: int, *, lines: bool = False) -> str:
    """``text`` shortened, without what could pass for our marks, and with marks for what nobody sees; on one
    line unless ``lines``."""
    # Cut before too: a mark is longer than what it stands for.
    text = for_model(text[: 8 * length])
    text = re.sub(r"[<>‹›«»]", "'", text)
    text = re.sub(r"[ \t\r\f\v]+", " ", text) if lines else " ".join(text.split())
    text = re.sub(r"\n\s*\n+", "\n", text).strip()
    return text if len(text) <= length else text[:length].rstrip() + "…"


def _search(prompts: Prompts, result: SearchOutput) -> str:
    return prompts.text(
        "results/search",
        query=fenced(result.query, 200),
        count=len(result.downloadable_datasets),
        datasets=_lines(_card(prompts, n, card) for n, card in enumerate(result.downloadable_datasets, 1)),
        more="yes" if result.more else "no",
        failed=_lines(_problem(prompts, problem) for problem in result.source_errors) or "none",
        off_subject=fenced(result.nothing_about or "", 200) or "no",
        left_out=", ".join(f"{one.filter} {one.count}" for one in result.left_out) or "nothing",
    )


def _card(prompts: Prompts, number: int, card: DatasetCard) -> str:
    return prompts.text(
        "results/dataset",
        number=number,
        ref=fenced(card.ref, 300),
        title=fenced(card.title, _TITLE),
        description=fenced(card.description, _DESCRIPTION),
        size=format_size(card.size_bytes),
        files=_file_count(card),
        license=fenced(f"{card.licence.name}: {card.licence.short}", 160),
        downloads=card.downloads,
        formats=fenced(", ".join(card.formats[:5]), 60) or "unknown",
        gated="yes" if card.gated else "no",
        updated=f"{card.updated_at:%Y-%m-%d}" if card.updated_at else "unknown",
        here=card.local_status,
        copies="; ".join(_copy(copy) for copy in card.copies) or "nowhere else",
    )


def _copy(copy: CardCopy) -> str:
    facts = (
        format_size(copy.size_bytes),
        f"licence «{fenced(copy.license or 'unknown', 60)}»",
        f"on this machine: {copy.local_status}",
    )
    return f"{fenced(copy.ref, 300)} ({', '.join(facts)})"


def _preview(prompts: Prompts, result: PreviewOutput) -> str:
    shown = result.preview
    header = " | ".join(f"{column.name} ({column.dtype})" for column in shown.columns)
    rows = (" | ".join("null" if cell is None else cell[:_CELL] for cell in row) for row in shown.rows)
    total = shown.row_count if shown.row_count is not None else shown.about_row_count
    return prompts.text(
        "results/preview",
        ref=fenced(result.ref, 200),
        path=fenced(shown.path, 200),
        count=len(shown.rows),
        total=f"{'' if shown.row_count is not None else 'about '}{total:,}" if total else "unknown",
        columns=shown.column_count,
        notes=fenced(" ".join(shown.notes), _ERROR) or "none",
        rows=quote(prompts, _lines([header, *rows]), _README),
    )


def _query(prompts: Prompts, result: QueryOutput) -> str:
    tables = _lines(
        f"{table.name} ({table.row_count} rows): "
        + ", ".join(f"{column.written} {column.kind}" for column in table.columns)
        for table in result.tables
    )
    ref = fenced(result.ref, 200)
    answer = result.answer
    if answer is None:
        return prompts.text("results/tables", ref=ref, tables=quote(prompts, tables, _README))
    shown = answer.result
    header = " | ".join(column.name for column in shown.columns)
    rows = (" | ".join("null" if cell is None else cell[:_CELL] for cell in row) for row in shown.rows)
    return prompts.text(
        "results/query",
        ref=ref,
        sql=for_model(answer.sql),
        why=fenced(answer.why, _ERROR),
        count=len(shown.rows),
        more="yes" if shown.more else "no",
        rows=quote(prompts, _lines([header, *rows]), _README),
    )


def _health(prompts: Prompts, result: HealthOutput) -> str:
    report = result.report
    job = report.job
    return prompts.text(
        "results/health",
        ref=fenced(result.ref, 200),
        state=report.state,
        job=format_job_state(job) if job is not None else "none",
        current="yes" if report.current else "no",
        findings=quote(prompts, _lines(one.says for one in report.findings), _README)
        if report.findings
        else "none",
        checked="; ".join(report.checked) or "nothing yet",
        unchecked=fenced("; ".join(report.unchecked), _README) or "nothing",
        reason=report.reason or "",
    )


def _versions(prompts: Prompts, result: VersionsOutput) -> str:
    lines = (
        f"{one.number}: {one.short}, {one.at:%Y-%m-%d}, +{one.added} −{one.removed}"
        f" ~{one.changed} files{', the files that are here' if one.current else ''}: {one.message}"
        for one in result.versions
    )
    return prompts.text(
        "results/versions",
        ref=fenced(result.ref, 200),
        total=result.total,
        versions=quote(prompts, _lines(lines), _README) if result.versions else "none",
        comparison=_changes(prompts, result.comparison) if result.comparison is not None else "not asked for",
    )


def _changes(prompts: Prompts, compared: VersionComparison) -> str:
    lines = [f"from version {compared.older.number} to version {compared.newer.number}"]
    lines += (
        f"{table.name}: {table.added} rows added, {table.removed} removed, {table.changed} changed"
        for table in compared.tables
    )
    lines += (f"{row.change} {row.name or row.after or row.before}" for row in compared.rows)
    return quote(prompts, _lines(lines), _README)


def _models(prompts: Prompts, result: ModelsOutput) -> str:
    return prompts.text(
        "results/models",
        query=fenced(result.query, 200),
        count=len(result.models),
        models=_lines(_model(prompts, number, model) for number, model in enumerate(result.models, 1)),
        failed=_lines(_problem(prompts, problem) for problem in result.source_errors) or "none",
    )


def _model(prompts: Prompts, number: int, model: ModelCard) -> str:
    return prompts.text(
        "results/model",
        number=number,
        id=fenced(model.id, 200),
        task=fenced(model.task or "unknown", 60),
        parameters=readable_parameters(model.parameters),
        license=fenced(model.license or "unknown", 60),
        languages=fenced(", ".join(model.languages[:8]) or "unknown", 60),
        downloads=model.downloads,
        likes=model.likes,
        library=fenced(model.library or "unknown", 60),
        gated="yes" if model.gated else "no",
        updated=f"{model.updated_at:%Y-%m-%d}" if model.updated_at else "unknown",
    )


def _verdict(prompts: Prompts, verdict: Verdict) -> str:
    licence, gate = verdict.licence, verdict.gate
    spdx = f" (SPDX {licence.spdx_id})" if licence.spdx_id else ""
    told = "; ".join(f"{term.label}: {term.words}" for term in licence.terms)
    whose = f" Whose account: {gate.account}." if gate.account else ""
    return prompts.text(
        "results/verdict",
        licence=fenced(licence.name + spdx, 300),
        terms=told,
        notes=fenced(" ".join((*licence.notes, licence.caution)), 1_000),
        gate=fenced(gate.words + whose, 400),
        room=verdict.room.words,
        table=f"{verdict.table.words}." if verdict.table is not None else "",
    )


def _comparison(prompts: Prompts, comparison: Comparison) -> str:
    facts = (
        f"{'≠ ' if fact.differs else ''}{fact.label}: {_side_by_side(fact.values)}"
        for fact in comparison.facts
    )
    columns = [f"{fenced(one.name, 60)}: {_side_by_side(one.types)}" for one in comparison.columns[:_COLUMNS]]
    return prompts.text(
        "results/comparison",
        count=len(comparison.datasets),
        datasets=" | ".join(map(_compared, comparison.datasets)),
        facts=_lines(facts),
        columns="; ".join(columns) or "not known",
    )


def _compared(one: ComparedDataset) -> str:
    if one.card is not None:
        return f"{fenced(one.ref, 300)} («{fenced(one.card.title, _TITLE)}»)"
    why = one.problem.detail if one.problem is not None else ""
    return f"{fenced(one.ref, 300)} (nothing is known of it: «{fenced(why, _ERROR)}»)"


def _side_by_side(values: Iterable[str | None]) -> str:
    return " | ".join("unknown" if value is None else f"«{fenced(value, 80)}»" for value in values)


def _file_count(card: DatasetCard) -> str:
    return "unknown" if card.file_count is None else readable_count(card.file_count, more=card.more_files)


def _job(prompts: Prompts, job: JobView) -> str:
    return prompts.text(
        "results/job",
        ref=fenced(job.ref, 300),
        title=fenced(job.title, _TITLE),
        kind=job.kind,
        state=format_job_state(job),
        problem=fenced(job.problem.detail, _ERROR) if job.problem else "none",
    )


def _row(prompts: Prompts, dataset: DatasetView) -> str:
    return prompts.text(
        "results/library_dataset",
        ref=fenced(dataset.ref, 300),
        title=fenced(dataset.title, _TITLE),
        status=dataset.status,
        size=format_size(dataset.size),
        path=fenced(dataset.local_path, 400) if dataset.downloaded and dataset.local_path else "none",
    )


def _problem(prompts: Prompts, problem: SourceProblem) -> str:
    sentences = " ".join(filter(None, (problem.detail, problem.next_step)))
    return prompts.text("results/problem", source=problem.source, problem=fenced(sentences, _ERROR))


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
