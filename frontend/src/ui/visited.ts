import { useSyncExternalStore } from "react";

/** Pages elsewhere that were opened from here: what they ask for may be done by now. */
const visited = new Set<string>();
const listeners = new Set<() => void>();

export function noteVisit(href: string): void {
  visited.add(href);
  for (const listener of listeners) listener();
}

export function useVisited(href: string | null | undefined): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => href != null && visited.has(href),
  );
}
