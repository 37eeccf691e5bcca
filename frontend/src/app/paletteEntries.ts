import type { ChatView, DatasetView, JobState, JobView } from "@/api/types";
import { formatTime } from "@/ui/format";
import { sourceLabel } from "@/ui/sources";

/** Something that the palette leads to, or does. */
export interface Entry {
  /** One of its kind among all entries. */
  id: string;
  label: string;
  /** Tells it from another of the same name. */
  detail: string;
  /** Other words that find it. */
  also?: string;
  go: { to: string } | { act: () => void };
}

export interface EntryGroup {
  title: string;
  entries: Entry[];
  /** How many there are, of which `entries` are the first. */
  total: number;
}

/** So many of a group are shown while something is looked for; fewer before that. */
const LONGEST = 8;
const LONGEST_UNASKED = 5;

const STATES: Record<JobState, string> = {
  queued: "Queued",
  running: "Downloading",
  verifying: "Verifying",
  waiting: "Waiting",
  paused: "Paused",
  succeeded: "Downloaded",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** What was said in a chat may be what the server found it by, so it matches whatever its title. */
export function chatEntry(chat: ChatView, words: string): Entry {
  const detail = formatTime(chat.updated_at);
  return { id: chat.id, label: chat.title, detail, also: words, go: { to: `/c/${chat.id}` } };
}

export function datasetEntry(dataset: DatasetView): Entry {
  const { key, revision } = dataset;
  const at = dataset.downloaded_at_ms ?? dataset.updated_at_ms;
  const query = revision ? `?revision=${encodeURIComponent(revision)}` : "";
  return {
    id: `${key}@${revision}`,
    label: dataset.title,
    detail: `${sourceLabel(dataset.source_type)} · ${idOf(dataset.ref)} · ${formatTime(at)}`,
    go: { to: `/library/${encodeURIComponent(key).replace("%3A", ":")}${query}` },
  };
}

export function jobEntry(job: JobView): Entry {
  const what = job.kind === "delete" && job.state === "succeeded" ? "Deleted" : STATES[job.state];
  const at = formatTime(job.created_at);
  return {
    id: job.id,
    label: job.title,
    detail: `${what} · ${sourceLabel(job.source)} · ${idOf(job.ref)} · ${at}`,
    go: { to: `/downloads?job=${encodeURIComponent(job.id)}` },
  };
}

/** `uciml/iris` of `kaggle:uciml/iris`. */
function idOf(ref: string): string {
  return ref.slice(ref.indexOf(":") + 1);
}

/** The entries that have every word, best first, in groups of which the one with the best comes first. */
export function findEntries(all: Record<string, readonly Entry[]>, typed: string): EntryGroup[] {
  const words = plain(typed).split(" ").filter(Boolean);
  const longest = words.length > 0 ? LONGEST : LONGEST_UNASKED;
  return Object.entries(all)
    .map(([title, entries]) => {
      const found = entries
        .map((entry) => ({ entry, rank: rankOf(entry, words) }))
        .filter(({ rank }) => rank < NO_MATCH)
        .sort((a, b) => a.rank - b.rank);
      return { title, found };
    })
    .filter(({ found }) => found.length > 0)
    .sort((a, b) => (a.found[0]?.rank ?? 0) - (b.found[0]?.rank ?? 0))
    .map(({ title, found }) => ({
      title,
      entries: found.slice(0, title === SCREENS ? undefined : longest).map(({ entry }) => entry),
      total: found.length,
    }));
}

/** The group that is short enough to be shown whole. */
export const SCREENS = "Screens";
const NO_MATCH = 4;

/** 0 begins with what was typed, 1 has a word that does, 2 has it somewhere, 3 not in its name. */
function rankOf({ label, detail, also }: Entry, words: readonly string[]): number {
  if (words.length === 0) return 0;
  const name = plain(label);
  const everything = `${name} ${plain(detail)} ${plain(also ?? "")}`;
  if (!words.every((word) => everything.includes(word))) return NO_MATCH;
  if (name.startsWith(words.join(" "))) return 0;
  if (words.every((word) => ` ${name}`.includes(` ${word}`))) return 1;
  return words.every((word) => name.includes(word)) ? 2 : 3;
}

/** Without case and accents; what separates words is a space. */
function plain(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\s/:_·-]+/g, " ")
    .trim();
}
