import { useSyncExternalStore } from "react";

/** What stands over the whole page and is opened from anywhere. */
export type Overlay = "palette" | "help" | null;

let current: Overlay = null;
const listeners = new Set<() => void>();

export function showOverlay(overlay: Overlay): void {
  current = overlay;
  for (const listener of listeners) listener();
}

export function getOverlay(): Overlay {
  return current;
}

export function useOverlay(): Overlay {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, getOverlay);
}
