import { Link } from "@tanstack/react-router";
import type { JobView } from "@/api/types";
import { JobRow } from "@/features/downloads/JobRow";
import { useJobs } from "@/features/downloads/useJobs";
import { formatBytes } from "@/ui/format";
import { DatasetCard } from "./DatasetCard";
import type { LibraryOutput, ToolPart } from "./parts";
import { SearchResults } from "./SearchResults";

/** What a tool gave, as things that can be acted on. Nothing in here comes from the model. */
export function ToolResult({ part }: { part: ToolPart }) {
  if (part.state !== "output-available") return null;
  switch (part.type) {
    case "tool-search_datasets":
      return <SearchResults input={part.input} output={part.output} />;
    case "tool-dataset_details":
    case "tool-start_download":
      return (
        <ul className="grid grid-cols-1">
          <DatasetCard card={part.output.card} />
        </ul>
      );
    case "tool-download_status":
    case "tool-cancel_download":
      return <JobList jobs={part.output.jobs} />;
    case "tool-list_library":
      return <LibraryList output={part.output} />;
  }
}

/** Jobs as they stand now, not as they stood when the answer was written. */
function JobList({ jobs }: { jobs: readonly JobView[] }) {
  const live = useJobs();
  if (jobs.length === 0) return null;
  return (
    <ul aria-label="Downloads" className="grid grid-cols-1 gap-3 rounded-card border bg-card p-3">
      {jobs.map((job) => (
        <JobRow key={job.id} job={live.find((known) => known.id === job.id) ?? job} />
      ))}
    </ul>
  );
}

function LibraryList({ output }: { output: LibraryOutput }) {
  if (output.datasets.length === 0) return null;
  return (
    <ul aria-label="In the library" className="divide-y rounded-card border bg-card text-14">
      {output.datasets.map((dataset) => (
        <li key={`${dataset.ref}@${dataset.revision}`}>
          <Link
            to="/library/$key"
            params={{ key: dataset.key }}
            className="flex items-center gap-3 px-3 py-2 hover:bg-panel touch:min-h-11"
          >
            <span className="min-w-0 flex-1 truncate">{dataset.title}</span>
            <span className="shrink-0 text-13 text-muted">
              {dataset.source}
              {dataset.size != null && ` · ${formatBytes(dataset.size)}`}
            </span>
          </Link>
        </li>
      ))}
      {output.total > output.datasets.length && (
        <li>
          <Link to="/library" className="block px-3 py-2 text-accent hover:underline">
            All {output.total} in the library
          </Link>
        </li>
      )}
    </ul>
  );
}
