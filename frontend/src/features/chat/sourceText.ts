import type { SourceName, SourceProblem } from "@/api/types";
import { sourceLabel } from "@/ui/sources";

/** Those that a search asks unless it names others. */
export const SOURCES: readonly SourceName[] = ["kaggle", "huggingface", "builtin"];

/** Of answers that were stored before problems said so themselves: these may pass. */
const TRANSIENT = new Set([
  "source_unreachable",
  "source_timeout",
  "source_rate_limited",
  "source_error",
]);

export function isWorthRetry(problem: SourceProblem): boolean {
  return problem.retryable ?? TRANSIENT.has(problem.code);
}

/** `Kaggle`, `Kaggle and HuggingFace`, `Kaggle, HuggingFace and URL`. */
export function listed(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** Sources as a sentence names them. */
export function sourceList(names: readonly SourceName[], last = "and"): string {
  return listed(
    names.map((name) => (name === "builtin" ? "the built-in datasets" : sourceLabel(name))),
    last,
  );
}

export interface Outage {
  key: string;
  problem: SourceProblem;
  text: string;
}

/** Problems as sentences; those that say the same of several sources are one. */
export function outages(problems: readonly SourceProblem[]): Outage[] {
  const same = new Map<string, SourceProblem[]>();
  for (const problem of problems) {
    const key = [problem.code, predicate(problem) ?? problem.source, problem.next_step].join("\n");
    same.set(key, [...(same.get(key) ?? []), problem]);
  }
  return [...same].flatMap(([key, alike]) => {
    const problem = alike[0];
    if (!problem) return [];
    const of = listed(alike.map(({ source }) => sourceLabel(source)));
    const rest = predicate(problem);
    return { key, problem, text: rest ? `${of} ${rest}` : sentence(problem) };
  });
}

/** `cannot be reached.` of `Kaggle cannot be reached.`; null where it would not do for several. */
function predicate({ source, detail }: SourceProblem): string | null {
  const label = `${sourceLabel(source)} `;
  if (!detail.startsWith(label)) return null;
  const rest = detail.slice(label.length);
  return /^(has|is|was|does|answers|needs|wants|refuses|asks)\b/.test(rest) ? null : rest;
}

/** It names its source, in its own words or before them. */
function sentence({ source, detail }: SourceProblem): string {
  const label = sourceLabel(source);
  return detail.includes(label) ? detail : `${label}: ${detail}`;
}
