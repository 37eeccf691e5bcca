import type { DatasetCard } from "@/api/types";
import { once } from "@/ui/once";

type Column = "title" | "size" | "date" | "downloads" | "licence";

/** How results are ordered: as the search ranked them, or by a column, up or down. */
export type ResultOrder = "relevance" | `${Column} ${"up" | "down"}`;

/** What a person can choose; a column of the table adds what its header is pressed for. */
export const ORDERS: readonly { order: ResultOrder; label: string }[] = [
  { order: "relevance", label: "Relevance" },
  { order: "size up", label: "Smallest first" },
  { order: "size down", label: "Largest first" },
  { order: "date down", label: "Newest first" },
  { order: "date up", label: "Oldest first" },
  { order: "downloads down", label: "Most downloads" },
  { order: "downloads up", label: "Fewest downloads" },
  { order: "licence up", label: "Licence A–Z" },
  { order: "licence down", label: "Licence Z–A" },
  { order: "title up", label: "Name A–Z" },
  { order: "title down", label: "Name Z–A" },
];

const VALUES: Record<Column, (card: DatasetCard) => number | string | null | undefined> = {
  title: (card) => card.title,
  size: (card) => card.size_bytes,
  date: (card) => (card.updated_at ? Date.parse(card.updated_at) : null),
  // Who counts none has no count: its card shows none.
  downloads: (card) => card.downloads || null,
  licence: (card) => card.license,
};

const words = once(() => new Intl.Collator("en", { numeric: true, sensitivity: "base" }));

/** What is not known comes last, up and down: it is no smallest and no largest. */
export function inOrder(cards: readonly DatasetCard[], order: ResultOrder): DatasetCard[] {
  if (order === "relevance") return [...cards];
  const [column, direction] = order.split(" ") as [Column, "up" | "down"];
  const value = VALUES[column];
  const sign = direction === "up" ? 1 : -1;
  return cards.toSorted((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one == null || other == null) return Number(one == null) - Number(other == null);
    if (typeof one === "string") return sign * words().compare(one, String(other));
    return sign * (one - Number(other));
  });
}
