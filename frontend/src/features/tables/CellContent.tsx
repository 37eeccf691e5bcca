import type { RowSelection, TablePlace } from "./queries";
import { parametersOf } from "./queries";

interface CellContentProps {
  /** Undefined until it has come; null where there is no value. */
  cell: string | null | undefined;
  /** Of a picture that the cell has, or names; none where there is nothing to show. */
  source?: string;
}

/** What is in a cell: a text on one line, a small picture, or that there is no value. */
export function CellContent({ cell, source }: CellContentProps) {
  if (cell === undefined) {
    return <span aria-hidden className="block h-3 w-2/3 rounded-control bg-track" />;
  }
  if (cell === null) return <span className="text-muted italic">null</span>;
  if (source) {
    return (
      <span className="flex min-w-0 items-center gap-2">
        <img
          src={source}
          alt=""
          loading="lazy"
          className="size-7 shrink-0 rounded-control object-cover"
          // A sound is no picture: its name remains.
          onError={({ currentTarget }) => currentTarget.remove()}
        />
        <span className="truncate">{cell}</span>
      </span>
    );
  }
  return (
    <span dir="auto" className="block truncate">
      {cell.replaceAll(/\s+/g, " ")}
    </span>
  );
}

/** Where the bytes of a cell are. `address`: what the dataset's own addresses begin with. */
export function mediaAddress(
  address: string,
  { table, revision }: TablePlace,
  selection: RowSelection,
  row: number,
  column: number,
): string {
  const query = new URLSearchParams({ row: String(row), column: String(column) });
  if (revision) query.set("revision", revision);
  const { filter, ...rest } = parametersOf(selection);
  for (const one of filter ?? []) query.append("filter", one);
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return `${address}tables/${table}/media?${query}`;
}
