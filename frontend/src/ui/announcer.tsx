import { useSyncExternalStore } from "react";

/**
 * What a screen reader announces of things that change elsewhere on the page: states, never
 * percentages. One live region for all, so that messages do not talk over each other.
 */
let message = "";
const listeners = new Set<() => void>();

export function announce(text: string): void {
  // The same words twice are two messages: a no-break space makes them differ.
  message = text === message ? `${text}\u00a0` : text;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Announcer() {
  const text = useSyncExternalStore(subscribe, () => message);
  return (
    <p className="sr-only" role="status" data-testid="announcer">
      {text}
    </p>
  );
}
