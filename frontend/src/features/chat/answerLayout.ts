import type { SourceName, SourceProblem } from "@/api/types";
import { isToolPart, type Part, type ToolPart } from "./parts";

/** Cards shown before "show all". */
export const SHOWN = 5;

/** Consecutive calls of one tool are told as one. */
export type Block = { key: string; part: Part } | { key: string; tools: ToolPart[] };

/** What the other parts of its answer mean for a block. */
export interface Surroundings {
  /** Datasets whose cards stand above it already: one answer shows a card once. */
  above: ReadonlySet<string>;
  numbers: ReadonlyMap<string, number>;
  /** How many of its cards may be drawn by now. */
  room: number;
}

/** What an answer shows, in order. */
export function blocksOf(parts: readonly Part[]): Block[] {
  const blocks: Block[] = [];
  parts.forEach((part, index) => {
    if (part.type === "step-start") return;
    // The place of words that come once the tool below has ended: kept free, so that no card moves then.
    const reserved = part.type === "text" && part.state === "streaming" && index < parts.length - 1;
    if (part.type === "text" && !part.text.trim() && !reserved) return;
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

/**
 * The surroundings of each block, up to the one for which not all cards have room: what comes later would
 * be moved by those.
 */
export function surroundingsOf(
  blocks: readonly Block[],
  parts: readonly Part[],
  room = Number.POSITIVE_INFINITY,
): readonly Surroundings[] {
  const numbers = numbersOf(parts);
  const seen = new Set<string>();
  const surroundings: Surroundings[] = [];
  for (const block of blocks) {
    if (seen.size > room) break;
    surroundings.push({ above: new Set(seen), numbers, room: room - seen.size });
    if ("tools" in block) {
      for (const ref of block.tools.flatMap(cardsOf)) seen.add(ref);
    }
  }
  return surroundings;
}

/** How many different cards an answer shows, before anything is unfolded. */
export function cardCount(blocks: readonly Block[]): number {
  return new Set(blocks.flatMap((block) => ("tools" in block ? block.tools.flatMap(cardsOf) : [])))
    .size;
}

const NO_NUMBERS: ReadonlyMap<string, number> = new Map();

/**
 * What "the second one" counts: the results of all searches of an answer as they were ranked, by ref. The
 * cards may stand in another order, sorted or as they came, so each bears its number. None until all is here.
 */
function numbersOf(parts: readonly Part[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const part of parts) {
    if (part.type !== "tool-search_datasets" || part.state !== "output-available") continue;
    if (part.output.waiting_for?.length) return NO_NUMBERS;
    for (const { ref } of part.output.downloadable_datasets) {
      if (!numbers.has(ref)) numbers.set(ref, numbers.size + 1);
    }
  }
  return numbers.size > 1 ? numbers : NO_NUMBERS;
}

/** What went wrong at the sources and what is still out, of all searches of an answer: each once. */
export function sourcesOf(parts: readonly Part[]) {
  const problems = new Map<SourceName, SourceProblem>();
  const waiting = new Set<SourceName>();
  for (const part of parts) {
    if (part.type === "tool-search_models" && part.state === "output-available") {
      for (const problem of part.output.source_errors) problems.set(problem.source, problem);
    }
    if (part.type !== "tool-search_datasets" || part.state !== "output-available") continue;
    const { source_errors, waiting_for = [] } = part.output;
    // A later search that reached a source takes its earlier failure back.
    for (const source of part.input.sources ?? problems.keys()) problems.delete(source);
    for (const problem of source_errors) problems.set(problem.source, problem);
    for (const source of waiting_for) waiting.add(source);
  }
  return { problems: [...problems.values()], waiting: [...waiting] };
}
