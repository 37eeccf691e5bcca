import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { previewQuery } from "@/api/queries";
import type { Preview } from "@/api/types";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { Section } from "@/ui/Section";
import { type Cell, CellDialog } from "./CellDialog";

/** Of a very wide table the rest is drawn on demand. */
const COLUMNS_AT_FIRST = 100;
/** A longer cell may not be seen whole in its column. */
const LONG = 40;

interface TablePreviewProps {
  datasetKey: string;
  revision?: string;
}

/** The first rows of the dataset's main table; nothing where it has none. */
export function TablePreview({ datasetKey, revision }: TablePreviewProps) {
  const { data, error } = useQuery(previewQuery(datasetKey, revision));
  const [cell, setCell] = useState<Cell | null>(null);
  if (error) {
    const problem = asProblem(error);
    return problem.code === "unreadable" ? (
      <Section title="Preview" intro={problem.detail} />
    ) : null;
  }
  if (!data) return null;
  return (
    <Section
      title="Preview"
      intro={
        <>
          {rowsShown(data)} of <span className="font-mono wrap-anywhere">{data.path}</span>
        </>
      }
    >
      {data.notes && data.notes.length > 0 && (
        <p className="text-13 text-muted wrap-anywhere">{data.notes.join(" ")}</p>
      )}
      <Rows preview={data} onOpen={setCell} />
      <CellDialog
        cell={cell}
        datasetKey={datasetKey}
        revision={revision}
        onClose={() => setCell(null)}
      />
    </Section>
  );
}

/** `All 5 rows`, `First 20 of 840 rows`, `First 20 rows`. */
function rowsShown({ rows, row_count: total }: Preview): string {
  if (total == null) return `First ${plural(rows.length, "row")}`;
  if (total > rows.length) return `First ${rows.length} of ${plural(total, "row")}`;
  return total === 0 ? "A header without rows" : `All ${plural(total, "row")}`;
}

function Rows({ preview, onOpen }: { preview: Preview; onOpen: (cell: Cell) => void }) {
  const [all, setAll] = useState(false);
  const columns = all ? preview.columns : preview.columns.slice(0, COLUMNS_AT_FIRST);
  const lengths = new Map(preview.cut?.map((one) => [`${one.row} ${one.column}`, one.chars]));
  return (
    <>
      {/* Scrolls by itself, so it must be reached with the keyboard too. */}
      <section
        aria-label={`Preview of ${preview.path}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls takes the arrow keys
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-card border bg-card"
      >
        <table className="w-max min-w-full text-13 tabular-nums">
          <thead className="sticky top-0 border-b bg-panel text-left text-12 text-muted">
            <tr>
              {columns.map((column, number) => (
                <th
                  // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name, and none moves
                  key={number}
                  scope="col"
                  title={column.name}
                  className={`max-w-80 truncate px-3 py-2 font-medium ${column.numeric ? "text-right" : ""}`}
                >
                  {column.name.trim() ? column.name : <span className="sr-only">No name</span>}{" "}
                  <span className="font-mono font-normal">{column.dtype}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y">
            {preview.rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name and never move
              <tr key={index}>
                {columns.map((column, number) => (
                  <td
                    // biome-ignore lint/suspicious/noArrayIndexKey: as their columns
                    key={number}
                    className={`max-w-80 truncate px-3 py-1 whitespace-pre ${column.numeric ? "text-right" : ""}`}
                  >
                    <Content
                      text={row[number] ?? null}
                      onOpen={(text) =>
                        onOpen({
                          row: index,
                          column: number,
                          name: column.name,
                          text,
                          chars: lengths.get(`${index} ${number}`),
                        })
                      }
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {preview.columns.length > columns.length && (
        <Button size="sm" className="justify-self-start" onClick={() => setAll(true)}>
          Show all {preview.columns.length.toLocaleString("en")} columns
        </Button>
      )}
    </>
  );
}

/** A cell as the file has it; one that may not be seen whole opens on a click. */
function Content({ text, onOpen }: { text: string | null; onOpen: (text: string) => void }) {
  if (text === null) {
    return (
      <span className="text-muted" title="No value">
        –
      </span>
    );
  }
  if (text.length <= LONG && !text.includes("\n")) return text;
  const line = text.replace(/\s*[\r\n]+\s*/g, " ⏎ ").slice(0, 200);
  return (
    <button
      type="button"
      title="Show the whole cell"
      className="block w-full cursor-pointer truncate text-left hover:underline"
      onClick={() => onOpen(text)}
    >
      {line}
    </button>
  );
}
