import { Link } from "@tanstack/react-router";
import { Check, Info } from "lucide-react";
import { formatBytes, plural } from "@/ui/format";
import { sourceLabel } from "@/ui/sources";
import type { LibraryOutput } from "./parts";
import { ToolLine } from "./ToolLine";

/** What is in the library, by one line and a list that opens each. */
export function LibraryList({ output }: { output: LibraryOutput }) {
  const { datasets, total } = output;
  if (datasets.length === 0) return <ToolLine icon={Info}>The library is empty</ToolLine>;
  return (
    <>
      <ToolLine icon={Check} tone="ok">
        {plural(total, "dataset")} in the library
      </ToolLine>
      <ul aria-label="In the library" className="divide-y rounded-card border bg-card text-14">
        {datasets.map((dataset) => (
          <li key={`${dataset.ref}@${dataset.revision}`}>
            <Link
              to="/library/$key"
              params={{ key: dataset.key }}
              className="flex items-center gap-3 px-3 py-2 hover:bg-panel touch:min-h-11"
            >
              <span dir="auto" className="min-w-0 flex-1 truncate text-left" title={dataset.title}>
                {dataset.title}
              </span>
              <span className="shrink-0 text-13 text-muted">
                {sourceLabel(dataset.source)}
                {dataset.size != null && ` · ${formatBytes(dataset.size)}`}
              </span>
            </Link>
          </li>
        ))}
        {total > datasets.length && (
          <li>
            <Link to="/library" className="block px-3 py-2 text-accent hover:underline">
              All of the library
            </Link>
          </li>
        )}
      </ul>
    </>
  );
}
