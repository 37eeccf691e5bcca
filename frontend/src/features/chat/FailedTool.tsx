import { useQuery } from "@tanstack/react-query";
import { Check, TriangleAlert } from "lucide-react";
import { copyQuery } from "@/api/queries";
import { OpenLink } from "@/features/downloads/JobButtons";
import type { ToolPart } from "./parts";
import { ToolLine } from "./ToolLine";

type Failed = Extract<ToolPart, { state: "output-error" }>;

/** What did not work, and why. A dataset that is here needs no hub: it is offered instead. */
export function FailedTool({ part }: { part: Failed }) {
  const ref = refOf(part);
  const { data } = useQuery({ ...copyQuery(ref ? keyOf(ref) : ""), enabled: ref !== null });
  if (data?.downloaded) {
    return (
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <ToolLine icon={Check} tone="ok">
          <bdi>{data.title}</bdi> is in the library already
        </ToolLine>
        <OpenLink datasetKey={data.key} title={data.title} size="sm" />
      </div>
    );
  }
  return (
    <ToolLine icon={TriangleAlert} tone="bad">
      {failed(part)} {part.errorText}
    </ToolLine>
  );
}

function refOf(part: Failed): string | null {
  const about = part.type === "tool-start_download" || part.type === "tool-dataset_details";
  // As the model gave it: what is none is why it failed.
  const ref: unknown = about ? part.input.ref : null;
  return typeof ref === "string" ? ref : null;
}

/** `kaggle:uciml~iris` of `kaggle:uciml/iris`. */
function keyOf(ref: string): string {
  return ref.replace("/", "~");
}

function failed(part: ToolPart): string {
  switch (part.type) {
    case "tool-search_datasets":
      return "The search failed.";
    case "tool-dataset_details":
      return "The dataset could not be read.";
    case "tool-query_table":
      return "The table gave no answer.";
    case "tool-dataset_health":
      return "The report on the data could not be made.";
    case "tool-dataset_versions":
      return "Its versions could not be read.";
    case "tool-preview_dataset":
      return "The first rows could not be read.";
    case "tool-start_download":
      return "The download did not start.";
    default:
      return "It did not work.";
  }
}
