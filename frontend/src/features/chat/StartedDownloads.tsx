import { Check, Info } from "lucide-react";
import { plural } from "@/ui/format";
import { DatasetCard } from "./DatasetCard";
import type { ToolPart } from "./parts";
import { ToolLine } from "./ToolLine";

interface StartedDownloadsProps {
  tools: readonly Extract<ToolPart, { type: "tool-start_download"; state: "output-available" }>[];
  above: ReadonlySet<string>;
}

/** Downloads that the agent began, or could not begin without a click; each card shows its own from then on. */
export function StartedDownloads({ tools, above }: StartedDownloadsProps) {
  const started = tools.filter(({ output }) => output.ticket && !wasHere(output));
  const waiting = tools.filter(({ output }) => !output.ticket && !wasHere(output));
  const cards = new Map(tools.map(({ output }) => [output.card.ref, output.card]));
  const fresh = [...cards.values()].filter((card) => !above.has(card.ref));
  const name = started[0]?.output.card.title;
  return (
    <>
      {started.length > 0 && (
        <ToolLine icon={Check} tone="ok">
          Started {started.length === 1 ? "the download of " : plural(started.length, "download")}
          {started.length === 1 && <bdi>{name}</bdi>}
        </ToolLine>
      )}
      {tools
        .filter(({ output }) => wasHere(output))
        .map(({ toolCallId, output }) => (
          <ToolLine key={toolCallId} icon={Check} tone="ok">
            <bdi>{output.card.title}</bdi> is in the library already
          </ToolLine>
        ))}
      {waiting.map(({ toolCallId, output }) => (
        <ToolLine key={toolCallId} icon={Info}>
          {tools.length > 1 && (
            <>
              <bdi>{output.card.title}</bdi>:{" "}
            </>
          )}
          {output.reason ?? "It waits for your click."}
        </ToolLine>
      ))}
      {fresh.length > 0 && (
        <ul aria-label="Datasets" className="grid grid-cols-1 gap-2">
          {fresh.map((card) => (
            <DatasetCard key={card.ref} card={card} />
          ))}
        </ul>
      )}
    </>
  );
}

function wasHere({ card, ticket }: StartedDownloadsProps["tools"][number]["output"]): boolean {
  return card.local_status === "downloaded" && (!ticket || ticket.status === "succeeded");
}
