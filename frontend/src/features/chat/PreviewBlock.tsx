import { Link } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { type Cell, CellDialog } from "@/features/library/CellDialog";
import { PreviewTable } from "@/features/library/PreviewTable";
import { rowsShown } from "@/features/library/previewText";
import { plural } from "@/ui/format";
import type { PreviewOutput } from "./parts";

/** The first rows of a table in an answer; its own screen has more of them. */
export default function PreviewBlock({ output }: { output: PreviewOutput }) {
  const { key, preview } = output;
  const [cell, setCell] = useState<Cell | null>(null);
  const open = useCallback((one: Cell) => setCell(one), []);
  const place = { key, path: preview.path, here: !preview.partial };
  return (
    <div className="grid grid-cols-1 gap-1">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3 text-13 text-muted">
        <span className="min-w-0 wrap-anywhere">
          <bdi className="font-mono">{preview.path}</bdi> ·{" "}
          {rowsShown(preview, preview.rows.length)} · {plural(preview.column_count, "column")}
        </span>
        <Link
          to="/library/$key"
          params={{ key }}
          search={{ file: preview.path }}
          className="text-accent underline-offset-2 hover:underline"
        >
          More rows
        </Link>
      </p>
      <PreviewTable preview={preview} shown={preview.rows.length} onOpen={open} />
      <CellDialog cell={cell} place={place} onClose={() => setCell(null)} />
    </div>
  );
}
