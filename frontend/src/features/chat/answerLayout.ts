import type { SourceName, SourceProblem } from "@/api/types";
import { isToolPart, type Part, type ToolPart } from "./parts";

/** Cards shown before "show all". */
export const SHOWN = 5;

/** Consecutive calls of one tool are told as one. */
export type Block = { key: string; part: Part } | { key: string; tools: ToolPart[] };

/** What an answer shows, in order. */
export function blocksOf(parts: readonly Part[]): Block[] {
  const blocks: Block[] = [];
  parts.forEach((part, index) => {
    if (part.type === "step-start" || (part.type === "text" && !part.text.trim())) return;
    const last = blocks.at(-1);
    if (!isToolPart(part)) blocks.push({ key: `${index}`, part });
    else if (last && "tools" in last && isTogether(last.tools[0], part)) last.tools.push(part);
    else blocks.push({ key: `${index}`, tools: [part] });
  });
  return blocks;
}

function isTogether(first: ToolPart | undefined, next: ToolPart): boolean {
  return first?.type === next.type && next.type !== "tool-search_datasets";
}

/** The refs whose cards a part shows, before anything is unfolded. */
function cardsOf(part: ToolPart): string[] {
  if (part.state !== "output-available") return [];
  switch (part.type) {
    case "tool-search_datasets":
      return part.output.downloadable_datasets.slice(0, SHOWN).map((card) => card.ref);
    case "tool-dataset_details":
    case "tool-start_download":
      return [part.output.card.ref];
    default:
      return [];
  }
}

/** The refs whose cards stand above each block already: one answer shows a card once. */
export function shownAbove(blocks: readonly Block[]): ReadonlySet<string>[] {
  const seen = new Set<string>();
  return blocks.map((block) => {
    const before = new Set(seen);
    if ("tools" in block) {
      for (const ref of block.tools.flatMap(cardsOf)) seen.add(ref);
    }
    return before;
  });
}

/** What went wrong at the sources and what is still out, of all searches of an answer: each once. */
export function sourcesOf(parts: readonly Part[]) {
  const problems = new Map<SourceName, SourceProblem>();
  const waiting = new Set<SourceName>();
  for (const part of parts) {
    if (part.type !== "tool-search_datasets" || part.state !== "output-available") continue;
    const { source_errors, waiting_for = [] } = part.output;
    // A later search that reached a source takes its earlier failure back.
    for (const source of part.input.sources ?? problems.keys()) problems.delete(source);
    for (const problem of source_errors) problems.set(problem.source, problem);
    for (const source of waiting_for) waiting.add(source);
  }
  return { problems: [...problems.values()], waiting: [...waiting] };
}
