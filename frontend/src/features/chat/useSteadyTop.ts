import { useRef } from "react";
import type { DatasetCard } from "@/api/types";

/**
 * The best `count` of `cards`. Those shown once stay where they are while more arrive, and what ranks
 * among the best then comes below them: nothing moves under a finger. Another `key` begins anew.
 */
export function useSteadyTop(cards: DatasetCard[], count: number, key: string): DatasetCard[] {
  const shown = useRef<{ key: string; refs: string[] }>({ key, refs: [] });
  if (shown.current.key !== key) shown.current = { key, refs: [] };
  const refs = steadyTop(
    shown.current.refs,
    cards.map((card) => card.ref),
    count,
  );
  shown.current.refs = refs;
  const byRef = new Map(cards.map((card) => [card.ref, card]));
  return refs.flatMap((ref) => byRef.get(ref) ?? []);
}

export function steadyTop(before: string[], ranked: string[], count: number): string[] {
  const there = new Set(ranked);
  const kept = before.filter((ref) => there.has(ref));
  const known = new Set(kept);
  return [...kept, ...ranked.slice(0, count).filter((ref) => !known.has(ref))];
}
