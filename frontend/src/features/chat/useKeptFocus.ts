import { type RefObject, useCallback, useLayoutEffect, useRef } from "react";

/**
 * The focus of somebody who takes filters away by keyboard: once the search without one is shown (`changed`)
 * it goes to the filter that stands in its place, else to the last one, the first dataset, or the results.
 * Returns the ref of what holds the results, and what to call with the place of a filter that is taken away.
 */
export function useKeptFocus(
  changed: unknown,
): [RefObject<HTMLDivElement | null>, (place: number) => void] {
  const frame = useRef<HTMLDivElement>(null);
  const place = useRef<number | null>(null);
  const keep = useCallback((at: number) => {
    place.current = at;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is another search that moves the focus.
  useLayoutEffect(() => {
    const [results, at] = [frame.current, place.current];
    place.current = null;
    // Who has gone elsewhere meanwhile stays there.
    if (results === null || at === null || document.activeElement !== document.body) return;
    const filters = results.querySelectorAll<HTMLElement>("[data-filter]");
    const next = filters[Math.min(at, filters.length - 1)];
    (next ?? results.querySelector<HTMLElement>("[data-card]") ?? results).focus();
  }, [changed]);
  return [frame, keep];
}
