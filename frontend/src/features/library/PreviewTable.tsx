import { clsx } from "clsx";
import { memo, useMemo, useState } from "react";
import type { Preview } from "@/api/types";
import type { Cell } from "./CellDialog";
import { charactersIn, columnWidths } from "./columnWidths";
import { ScrollBox } from "./ScrollBox";

/** Of the column with the rows' numbers. */
const NUMBERS_PX = 48;

interface PreviewTableProps {
  preview: Preview;
  /** So many rows are drawn. */
  shown: number;
  onOpen: (cell: Cell) => void;
  /** What it is, for screen readers; by default the first rows of its file. */
  label?: string;
}

/** Every column of a table, each under its name and over its own numbers. */
export function PreviewTable({ preview, shown, onOpen, label }: PreviewTableProps) {
  const [room, setRoom] = useState(0);
  const widths = useMemo(() => columnWidths(preview, room - NUMBERS_PX), [preview, room]);
  return (
    <ScrollBox
      label={label ?? `First rows of ${preview.path}`}
      onWidth={setRoom}
      className="max-h-[28rem] overscroll-x-contain"
    >
      <Table preview={preview} shown={shown} widths={widths} onOpen={onOpen} />
    </ScrollBox>
  );
}

interface TableProps extends PreviewTableProps {
  widths: readonly number[];
}

/** Thousands of cells: they are drawn again only where they are others. */
const Table = memo(function Table({ preview, shown, widths, onOpen }: TableProps) {
  const lengths = useMemo(
    () => new Map(preview.cut?.map((one) => [`${one.row} ${one.column}`, one.chars])),
    [preview],
  );
  return (
    <table className="w-max min-w-full border-separate border-spacing-0 text-13 tabular-nums">
      <thead className="text-left text-12 text-muted">
        <tr>
          <th
            scope="col"
            className="sticky top-0 left-0 z-20 border-r border-b bg-panel px-2 py-1.5"
          >
            <span className="sr-only">Row</span>
          </th>
          {preview.columns.map((column, number) => (
            <th
              // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name, and none moves
              key={number}
              scope="col"
              title={column.cut ? `${column.name}… (cut)` : column.name}
              style={{ maxWidth: widths[number] }}
              className={clsx(
                "sticky top-0 z-10 border-b bg-panel px-3 py-1.5 align-bottom font-medium",
                column.numeric && "text-right",
              )}
            >
              <span dir="auto" className="block truncate">
                {column.name.trim() ? column.name : <span className="sr-only">No name</span>}
              </span>
              <span className="block truncate font-mono font-normal">
                {column.dtype || "\u00a0"}
              </span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {preview.rows.slice(0, shown).map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name and never move
          <tr key={index} className="group">
            <th
              scope="row"
              className="sticky left-0 z-10 border-r border-b bg-panel px-2 py-1 text-right text-12 font-normal text-muted group-last:border-b-0"
            >
              {index + 1}
            </th>
            {preview.columns.map((column, number) => (
              <td
                // biome-ignore lint/suspicious/noArrayIndexKey: as their columns
                key={number}
                style={{ maxWidth: widths[number] }}
                className={clsx(
                  "truncate border-b px-3 py-1 whitespace-pre group-last:border-b-0",
                  column.numeric && "text-right",
                )}
              >
                <Content
                  text={row[number] ?? null}
                  fits={charactersIn(widths[number] ?? 0)}
                  numeric={column.numeric}
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
  );
});

interface ContentProps {
  text: string | null;
  fits: number;
  numeric: boolean;
  onOpen: (text: string) => void;
}

/** A cell as the file has it; one that may not be seen whole opens on a click. */
function Content({ text, fits, numeric, onOpen }: ContentProps) {
  if (text === null) {
    return (
      // A text that says "null" has no frame (supabase/grid#8).
      <span className="rounded-control border px-1 text-12 text-muted italic" title="No value">
        null
      </span>
    );
  }
  if (text.length <= fits && !/[\r\n]/.test(text)) return <bdi>{text}</bdi>;
  const line = text.slice(0, 400).replace(/\s*[\r\n]+\s*/g, " ⏎ ");
  return (
    <button
      type="button"
      title="Show the whole cell"
      dir="auto"
      className={clsx(
        "block w-full cursor-pointer truncate hover:underline",
        numeric ? "text-right" : "text-start",
      )}
      onClick={() => onOpen(text)}
    >
      {line}
    </button>
  );
}
