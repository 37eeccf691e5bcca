import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Chart, Preview, QueryRows } from "@/api/types";
import { type Cell, CellDialog } from "@/features/library/CellDialog";
import { PreviewTable } from "@/features/library/PreviewTable";
import type { TablePlace } from "@/features/tables/queries";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { ChartPicker } from "./ChartPicker";
import { saveRows } from "./queries";

/** Drawn at first: thousands of cells take their time. */
const FIRST_ROWS = 100;

interface AnswerViewProps {
  place: TablePlace;
  sql: string;
  result: QueryRows;
  chart?: Chart | null;
}

/** The rows of a query: drawn, as a table, and to take away. */
export function AnswerView({ place, sql, result, chart }: AnswerViewProps) {
  const [cell, setCell] = useState<Cell | null>(null);
  const open = useCallback((one: Cell) => setCell(one), []);
  const save = useMutation({
    mutationFn: (format: "csv" | "parquet") => saveRows(place, sql, format),
  });
  const [shown, setShown] = useState(FIRST_ROWS);
  const preview = useMemo(() => previewOf(result), [result]);
  return (
    <div className="grid grid-cols-1 gap-3">
      <ChartPicker key={sql} result={result} suited={chart} />
      <div className="flex flex-wrap items-center gap-2">
        <p className="mr-auto text-13 text-muted">
          {result.more && "the first "}
          {plural(result.rows.length, "row")} · {result.seconds.toFixed(1)} s
        </p>
        <CopyButton text={tabbed(result)} what="rows, for a spreadsheet">
          Copy
        </CopyButton>
        {(["csv", "parquet"] as const).map((format) => (
          <Button
            key={format}
            size="sm"
            disabled={save.isPending}
            onClick={() => save.mutate(format)}
          >
            <Download aria-hidden />
            <span className="sr-only">Download all rows as </span>
            {format === "csv" ? "CSV" : "Parquet"}
          </Button>
        ))}
      </div>
      {save.error && <ProblemBox problem={asProblem(save.error)} title="Not saved" />}
      {result.rows.length > 0 ? (
        <PreviewTable preview={preview} shown={shown} onOpen={open} label="Rows of the answer" />
      ) : (
        <p className="text-14 text-muted">No row fits.</p>
      )}
      {result.rows.length > shown && (
        <Button className="justify-self-start" onClick={() => setShown(result.rows.length)}>
          Show all {plural(result.rows.length, "row")}
        </Button>
      )}
      <CellDialog
        cell={cell}
        place={{ key: place.key, path: "", here: true }}
        onClose={() => setCell(null)}
      />
    </div>
  );
}

/** As the table of the first rows takes it. */
function previewOf({ columns, rows }: QueryRows): Preview {
  return {
    path: "answer",
    columns: columns.map(({ name, dtype, kind }) => ({
      name,
      dtype: dtype.toLowerCase(),
      numeric: kind === "number" || kind === "integer",
    })),
    rows,
    column_count: columns.length,
  } as Preview;
}

/** With tabs between the cells, as spreadsheets paste it. */
function tabbed({ columns, rows }: QueryRows): string {
  const lines = [
    columns.map(({ name }) => name),
    ...rows.map((row) => row.map((one) => one ?? "")),
  ];
  return lines
    .map((cells) => cells.map((one) => one.replace(/[\t\r\n]+/g, " ")).join("\t"))
    .join("\n");
}
