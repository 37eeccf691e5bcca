import { Check, Info } from "lucide-react";
import { lazy, Suspense } from "react";
import type { SourceName } from "@/api/types";
import { plural } from "@/ui/format";
import { Spinner } from "@/ui/Spinner";
import type { Surroundings } from "./answerLayout";
import { ComparedBlock } from "./ComparedBlock";
import { DatasetCard } from "./DatasetCard";
import { FailedTool } from "./FailedTool";
import { JobList } from "./JobList";
import { LibraryList } from "./LibraryList";
import { ModelResults } from "./ModelResults";
import type { ToolPart } from "./parts";
import { SearchResults } from "./SearchResults";
import { StartedDownloads } from "./StartedDownloads";
import { SOURCES, sourceList } from "./sourceText";
import { ToolLine } from "./ToolLine";

const PreviewBlock = lazy(() => import("./PreviewBlock"));
const QueryBlock = lazy(() => import("./QueryBlock"));
const HealthBlock = lazy(async () => ({ default: (await import("./ReportBlock")).HealthBlock }));
const VersionsBlock = lazy(async () => ({
  default: (await import("./ReportBlock")).VersionsBlock,
}));

type Done<T extends ToolPart["type"]> = Extract<ToolPart, { type: T; state: "output-available" }>;

interface ToolBlockProps {
  /** Calls of one tool, one after the other. */
  tools: readonly ToolPart[];
  around: Surroundings;
}

/** What the agent does, or did: one line, and what it gave as things that can be acted on. */
export function ToolBlock({ tools, around }: ToolBlockProps) {
  const pending = tools.find((part) => !isEnded(part));
  const failed = tools.filter((part) => part.state === "output-error");
  const done = tools.filter((part) => part.state === "output-available");
  // Several calls that failed for one reason tell it once.
  const reasons = new Map(failed.map((part) => [part.errorText, part]));
  return (
    <>
      {done.length > 0 && <Output tools={done} around={around} />}
      {[...reasons.values()].map((part) => (
        <FailedTool key={part.toolCallId} part={part} />
      ))}
      {pending && <Spinner label={doing(pending)} />}
    </>
  );
}

function isEnded(part: ToolPart): boolean {
  return part.state === "output-error" || part.state === "output-available";
}

interface OutputProps {
  tools: readonly Extract<ToolPart, { state: "output-available" }>[];
  around: Surroundings;
}

/** Nothing in here comes from the model. */
function Output({ tools, around }: OutputProps) {
  const { above } = around;
  const first = tools[0];
  switch (first?.type) {
    case "tool-search_datasets":
      return <SearchResults input={first.input} output={first.output} around={around} />;
    case "tool-search_models":
      return (tools as Done<"tool-search_models">[]).map((part) => (
        <ModelResults key={part.toolCallId} output={part.output} />
      ));
    case "tool-compare_datasets":
      return (tools as Done<"tool-compare_datasets">[]).map((part) => (
        <ComparedBlock key={part.toolCallId} comparison={part.output.comparison} />
      ));
    case "tool-dataset_details":
      return <Details tools={tools as Done<"tool-dataset_details">[]} above={above} />;
    case "tool-preview_dataset":
      return (tools as Done<"tool-preview_dataset">[]).map((part) => (
        <Suspense key={part.toolCallId} fallback={<div className="min-h-80" />}>
          <PreviewBlock output={part.output} />
        </Suspense>
      ));
    case "tool-query_table":
      return (tools as Done<"tool-query_table">[]).map(
        ({ toolCallId, output }) =>
          // What can be asked is for the agent alone.
          output.answer && (
            <Suspense key={toolCallId} fallback={<div className="min-h-80" />}>
              <QueryBlock output={output} answer={output.answer} />
            </Suspense>
          ),
      );
    case "tool-dataset_health":
      return (tools as Done<"tool-dataset_health">[]).map(({ toolCallId, output }) => (
        <Suspense key={toolCallId} fallback={null}>
          <HealthBlock output={output} />
        </Suspense>
      ));
    case "tool-dataset_versions":
      return (tools as Done<"tool-dataset_versions">[]).map(({ toolCallId, output }) => (
        <Suspense key={toolCallId} fallback={null}>
          <VersionsBlock output={output} />
        </Suspense>
      ));
    case "tool-start_download":
      return <StartedDownloads tools={tools as Done<"tool-start_download">[]} above={above} />;
    case "tool-download_status":
      return <JobList jobs={(tools as Done<"tool-download_status">[]).flatMap(jobsOf)} />;
    case "tool-cancel_download":
      return <Cancelled tools={tools as Done<"tool-cancel_download">[]} />;
    case "tool-list_library":
      return (tools as Done<"tool-list_library">[]).map((part) => (
        <LibraryList key={part.toolCallId} output={part.output} />
      ));
    default:
      return null;
  }
}

function jobsOf(part: Done<"tool-download_status"> | Done<"tool-cancel_download">) {
  return part.output.jobs;
}

interface DetailsProps {
  tools: readonly Done<"tool-dataset_details">[];
  above: ReadonlySet<string>;
}

/** A card says by itself what was read. */
function Details({ tools, above }: DetailsProps) {
  const cards = new Map(tools.map(({ output }) => [output.card.ref, output.card]));
  const fresh = [...cards.values()].filter((card) => !above.has(card.ref));
  if (fresh.length === 0) return null;
  return (
    <ul aria-label="Datasets" className="grid grid-cols-1 gap-2">
      {fresh.map((card) => (
        <DatasetCard key={card.ref} card={card} />
      ))}
    </ul>
  );
}

function Cancelled({ tools }: { tools: readonly Done<"tool-cancel_download">[] }) {
  const waiting = tools.filter((part) => part.output.reason);
  const cancelled = tools.filter((part) => !part.output.reason).flatMap(jobsOf);
  return (
    <>
      {cancelled.length > 0 && (
        <ToolLine icon={Check} tone="ok">
          Cancelled {plural(cancelled.length, "download")}
        </ToolLine>
      )}
      {waiting.map((part) => (
        <ToolLine key={part.toolCallId} icon={Info}>
          {part.output.reason}
        </ToolLine>
      ))}
      <JobList jobs={tools.flatMap(jobsOf)} />
    </>
  );
}

function doing(part: ToolPart): string {
  switch (part.type) {
    case "tool-search_datasets":
      return `Searching ${sourceList(askedSources(part.input.sources))}…`;
    case "tool-search_models":
      return "Searching HuggingFace for models…";
    case "tool-compare_datasets":
      return "Comparing the datasets…";
    case "tool-dataset_details":
      return "Reading about the dataset…";
    case "tool-preview_dataset":
      return "Fetching the first rows…";
    case "tool-query_table":
      return "Asking the table…";
    case "tool-dataset_health":
      return "Looking for faults in the data…";
    case "tool-dataset_versions":
      return "Looking at its versions…";
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

/** The sources that a model names, which nobody has looked at while the tool runs. */
function askedSources(given: unknown): readonly SourceName[] {
  const named = Array.isArray(given) ? SOURCES.filter((name) => given.includes(name)) : [];
  return named.length > 0 ? named : SOURCES;
}
