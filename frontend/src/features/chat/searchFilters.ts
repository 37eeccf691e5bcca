import { answerOf, api } from "@/api/client";
import type { FilterName, SearchFilters } from "@/api/types";
import { formatBytes, plural } from "@/ui/format";
import type { SearchInput, SearchOutput } from "./parts";

const NAMES: readonly FilterName[] = [
  "license",
  "commercial",
  "format",
  "task",
  "language",
  "modality",
  "updated_after",
  "gated",
  "min_bytes",
  "max_bytes",
];

/** The filters that a search was asked with, and the order. */
export function filtersOf(input: SearchInput): SearchFilters {
  const asked = NAMES.filter((name) => isAsked(name, input));
  const narrow = Object.fromEntries(asked.map((name) => [name, input[name]]));
  return { ...narrow, sort: input.sort ?? "relevance" };
}

function isAsked(name: FilterName, input: SearchInput): boolean {
  const value = input[name];
  return value !== undefined && value !== null && (name !== "commercial" || value === true);
}

/** Each filter that a search has, in a few words. */
export function filterWords(input: SearchInput): [FilterName, string][] {
  const filters = filtersOf(input);
  return NAMES.filter((name) => filters[name] !== undefined).map((name) => [
    name,
    wordsOf(name, filters),
  ]);
}

function wordsOf(name: FilterName, filters: SearchFilters): string {
  switch (name) {
    case "language":
      return `in ${languageName(filters.language ?? "")}`;
    case "updated_after":
      return `changed since ${filters.updated_after}`;
    case "gated":
      return filters.gated ? "gated only" : "not gated";
    case "min_bytes":
      return `at least ${formatBytes(filters.min_bytes ?? 0)}`;
    case "max_bytes":
      return `at most ${formatBytes(filters.max_bytes ?? 0)}`;
    case "commercial":
      return "commercial use allowed";
    case "license":
      return `licence ${filters.license}`;
    default:
      return String(filters[name]);
  }
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** "12 by “in German”, 3 by “licence cc0”": how much each filter leaves out. */
export function leftOutWords(input: SearchInput, output: SearchOutput): string {
  const words = new Map(filterWords(input));
  return (output.left_out ?? [])
    .map(({ filter, count }) => `${plural(count, "dataset")} by “${words.get(filter) ?? filter}”`)
    .join(", ");
}

/** A page of a search, as its tool gives it. */
export async function searchAgain(
  input: SearchInput,
  limit: number,
  offset = 0,
): Promise<SearchOutput> {
  const { query, sources } = input;
  const body = { query, sources, filters: filtersOf(input), limit, offset };
  const { datasets, ...page } = await answerOf(api.POST("/api/datasets/search-all", { body }));
  return { ...page, downloadable_datasets: datasets };
}
