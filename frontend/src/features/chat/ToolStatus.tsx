import { Check, TriangleAlert } from "lucide-react";
import { plural } from "@/ui/format";
import { Spinner } from "@/ui/Spinner";
import type { ToolPart } from "./parts";

/** One line that says what the agent does, or did. */
export function ToolStatus({ part }: { part: ToolPart }) {
  if (part.state === "output-error") {
    return (
      <p className="flex items-start gap-2 text-14 text-muted">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
        <span className="min-w-0 wrap-anywhere">
          {failed(part)} {part.errorText}
        </span>
      </p>
    );
  }
  if (part.state !== "output-available") return <Spinner label={doing(part)} />;
  return (
    <p className="flex items-start gap-2 text-14 text-muted">
      <Check aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 wrap-anywhere">{done(part)}</span>
    </p>
  );
}

function doing(part: ToolPart): string {
  switch (part.type) {
    case "tool-search_datasets":
      return "Searching Kaggle, HuggingFace and the built-in datasets…";
    case "tool-dataset_details":
      return "Reading about the dataset…";
    case "tool-start_download":
      return "Starting the download…";
    case "tool-download_status":
      return "Looking at your downloads…";
    case "tool-cancel_download":
      return "Cancelling…";
    case "tool-list_library":
      return "Looking into the library…";
  }
}

function done(part: Extract<ToolPart, { state: "output-available" }>): string {
  switch (part.type) {
    case "tool-search_datasets": {
      const { query, downloadable_datasets: found, more } = part.output;
      const count = `${plural(found.length, "dataset")}${more ? ", and there are more" : ""}`;
      return `Searched for “${query}” · ${found.length ? count : "nothing found"}`;
    }
    case "tool-dataset_details":
      return `Read about ${part.output.card.title}`;
    case "tool-start_download":
      return part.output.ticket
        ? `Started the download of ${part.output.card.title}`
        : (part.output.reason ?? "It waits for your click.");
    case "tool-download_status":
      return "Looked at your downloads";
    case "tool-cancel_download":
      return part.output.reason ?? `Cancelled ${plural(part.output.jobs.length, "download")}`;
    case "tool-list_library":
      return `Looked into the library · ${plural(part.output.total, "dataset")}`;
  }
}

function failed(part: ToolPart): string {
  switch (part.type) {
    case "tool-search_datasets":
      return "The search failed.";
    case "tool-dataset_details":
      return "The dataset could not be read.";
    case "tool-start_download":
      return "The download did not start.";
    default:
      return "It did not work.";
  }
}
