import { Box, Lock } from "lucide-react";
import type { ModelCard as Model } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { EndKept } from "@/ui/EndKept";
import { ExternalLink } from "@/ui/ExternalLink";
import { formatCount, formatDate, plural } from "@/ui/format";
import type { ModelsOutput } from "./parts";
import { ToolLine } from "./ToolLine";

/** Models that were found: another thing than datasets, with no button that downloads them. */
export function ModelResults({ output }: { output: ModelsOutput }) {
  const { models, query, source_errors, url } = output;
  if (models.length === 0) {
    // An outage is told above the answer.
    if (source_errors.length > 0) return null;
    return (
      <ToolLine icon={Box}>
        No model found for “<bdi>{query}</bdi>”
      </ToolLine>
    );
  }
  return (
    <section aria-label="Models found" className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <ToolLine icon={Box}>
          {plural(models.length, "model")}, not datasets, for “<bdi>{query}</bdi>”
        </ToolLine>
        {url && (
          <ExternalLink href={url} className="text-13">
            All such models
          </ExternalLink>
        )}
      </div>
      <ul className="grid grid-cols-1 divide-y rounded-card border border-dashed border-muted/60">
        {models.map((model) => (
          <ModelRow key={model.id} model={model} />
        ))}
      </ul>
    </section>
  );
}

function ModelRow({ model }: { model: Model }) {
  const what = [
    model.task?.replaceAll("-", " "),
    model.parameters != null && `${formatCount(model.parameters)} parameters`,
    model.library,
    model.languages.length > 0 && languagesOf(model),
  ].filter(Boolean);
  const use = [
    `${formatCount(model.downloads)} downloads`,
    plural(model.likes, "like"),
    model.updated_at && formatDate(model.updated_at),
  ].filter(Boolean);
  return (
    <li data-model={model.id} className="@container px-3 py-2">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-1 @min-[30rem]:flex-nowrap">
        <div className="grid min-w-0 flex-1 grid-cols-1 gap-0.5">
          <h2 className="flex min-w-0 items-center gap-2 text-15 leading-5! font-semibold">
            <Badge>Model</Badge>
            <span dir="auto" className="min-w-0 truncate" title={model.name}>
              {model.name}
            </span>
          </h2>
          <p className="flex min-w-0 gap-x-1.5 text-12 text-muted">
            <span className="shrink-0">HuggingFace ·</span>
            <EndKept text={model.id} className="font-mono" />
          </p>
          <p className="text-13 wrap-anywhere">{what.join(" · ")}</p>
          <p className="text-13 wrap-anywhere">
            {model.license ?? <span className="text-warn">no licence stated</span>}
            {model.gated && (
              <span className="ml-1.5 text-warn">
                <Lock aria-hidden className="mr-1 inline size-3.5 align-[-0.15em]" />
                terms to accept
              </span>
            )}
            <span className="text-muted"> · {use.join(" · ")}</span>
          </p>
        </div>
        <ExternalLink href={model.url} className="min-h-6 shrink-0 text-14 touch:min-h-11">
          Open<span className="sr-only"> {model.id} on HuggingFace</span>
        </ExternalLink>
      </div>
    </li>
  );
}

const NAMED = 4;

function languagesOf({ languages }: Model): string {
  const rest = languages.length - NAMED;
  const named = languages.slice(0, NAMED).join(", ");
  return rest > 0 ? `${named} and ${plural(rest, "other language")}` : named;
}
