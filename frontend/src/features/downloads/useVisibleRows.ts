import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

/** Rows that are drawn above and below those that are seen. */
const BEYOND = 12;

export interface VisibleRows {
  from: number;
  to: number;
}

/** Which of `count` rows of one height are to be drawn: a thousand of them cost no more than a screen. */
export function useVisibleRows(
  count: number,
  rowHeight: number,
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
): VisibleRows {
  const [first, setFirst] = useState(0);
  const [seen, setSeen] = useState(BEYOND);
  const measure = useCallback(() => {
    if (!scroller.current || !list.current) return;
    const above =
      scroller.current.getBoundingClientRect().top - list.current.getBoundingClientRect().top;
    // In steps, so that not every pixel of scrolling draws the list again.
    setFirst(6 * Math.floor(Math.max(0, above) / rowHeight / 6));
    setSeen(Math.ceil(scroller.current.clientHeight / rowHeight) + 6);
  }, [rowHeight, scroller, list]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a shorter list may have scrolled by itself
  useLayoutEffect(measure, [measure, count]);
  useLayoutEffect(() => {
    const frame = scroller.current;
    if (!frame) return;
    frame.addEventListener("scroll", measure, { passive: true });
    const watch = typeof ResizeObserver === "function" ? new ResizeObserver(measure) : null;
    watch?.observe(frame);
    return () => {
      frame.removeEventListener("scroll", measure);
      watch?.disconnect();
    };
  }, [measure, scroller]);
  return {
    from: Math.max(0, Math.min(first, count - 1) - BEYOND),
    to: Math.min(count, first + seen + BEYOND),
  };
}
