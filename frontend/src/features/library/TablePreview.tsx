import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { asProblem } from "@/api/problem";
import { type PreviewPlace, previewFilesQuery, previewQuery } from "@/api/queries";
import type { PreviewFiles, Problem } from "@/api/types";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { type Cell, CellDialog } from "./CellDialog";
import { FilePicker } from "./FilePicker";
import { PreviewTable } from "./PreviewTable";
import { fetchedText, rowsShown } from "./previewText";

/** So many cells are drawn at first, of a very wide table fewer rows: never fewer columns. */
const CELLS_AT_FIRST = 10_000;
const LEAST_ROWS = 20;
const FETCHING = "Fetching the first rows from its source…";

interface TablePreviewProps {
  datasetKey: string;
  revision?: string;
  /** Whether it is on this machine. */
  here?: boolean;
  /** The file that is shown; by default the main table. */
  file?: string;
  onFile: (path: string) => void;
}

/** The first rows of one of the dataset's tables, here or at its source, or why there are none. */
export function TablePreview({
  datasetKey,
  revision,
  here = true,
  file,
  onFile,
}: TablePreviewProps) {
  const list = useQuery(previewFilesQuery(datasetKey, revision, here));
  if (list.error) {
    return (
      <Section title="Preview">
        <Trouble problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
      </Section>
    );
  }
  if (!list.data) return <Room label="Looking for tables…" />;
  const path = file ?? list.data.files[0]?.path;
  if (path === undefined) return <NoPreview list={list.data} />;
  return (
    <Section title="Preview" aside={<FilePicker list={list.data} path={path} onPick={onFile} />}>
      <OneFile key={`${path} ${here}`} place={{ key: datasetKey, revision, path, here }} />
    </Section>
  );
}

function NoPreview({ list }: { list: PreviewFiles }) {
  return (
    <Section title="No table to show" intro={`${list.reason ?? ""} ${list.next_step ?? ""}`} />
  );
}

function OneFile({ place }: { place: PreviewPlace }) {
  const { data, error, refetch } = useQuery(previewQuery(place));
  const [cell, setCell] = useState<Cell | null>(null);
  const [all, setAll] = useState(false);
  const open = useCallback((one: Cell) => setCell(one), []);
  if (error) return <Trouble problem={asProblem(error)} onRetry={() => void refetch()} />;
  if (!data) return <Room label={place.here ? "Reading the first rows…" : FETCHING} />;
  const few = Math.min(rowsAtFirst(data.columns.length), data.rows.length);
  const shown = all ? data.rows.length : few;
  return (
    <>
      <p className="text-13 text-muted">
        {rowsShown(data, shown)} · {plural(data.column_count, "column")}
        {data.partial && ` · ${fetchedText(data)}`}
        {data.notes && data.notes.length > 0 && (
          <span className="wrap-anywhere"> · {data.notes.join(" ")}</span>
        )}
      </p>
      <PreviewTable preview={data} shown={shown} onOpen={open} />
      {shown < data.rows.length && (
        <Button size="sm" className="justify-self-start" onClick={() => setAll(true)}>
          Show {data.rows.length} rows
        </Button>
      )}
      <CellDialog cell={cell} place={place} onClose={() => setCell(null)} />
    </>
  );
}

export function rowsAtFirst(columns: number): number {
  return Math.max(LEAST_ROWS, Math.floor(CELLS_AT_FIRST / columns));
}

/** A file that is no table is no fault of anybody; whatever else keeps it away can be tried again. */
function Trouble({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  if (problem.code === "unreadable") {
    return (
      <p className="text-14 text-muted wrap-anywhere">
        {problem.detail} {problem.next_step}
      </p>
    );
  }
  return (
    <ProblemBox problem={problem}>
      <Button size="sm" onClick={onRetry}>
        Retry
      </Button>
    </ProblemBox>
  );
}

/** As much as most tables take, so that nothing below moves when it is there. */
function Room({ label }: { label: string }) {
  return (
    <div className="min-h-[32rem]">
      <Spinner label={label} />
    </div>
  );
}
