import { type RefObject, useLayoutEffect, useState } from "react";

/** Whether anything marked `data-cut` inside an element does not fit and is cut. */
export function useCut(frame: RefObject<HTMLElement | null>): boolean {
  const [cut, setCut] = useState(false);
  // After each drawing: another text may fit, or no longer.
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () => setCut([...element.querySelectorAll("[data-cut]")].some(isCut));
    if (typeof ResizeObserver === "undefined") return measure();
    // It looks once by itself, before the next picture and when all boxes are laid out; asked for here, the
    // browser would lay out the page in the midst of drawing it.
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    return () => sizes.disconnect();
  });
  return cut;
}

function isCut(element: Element): boolean {
  return (
    element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1
  );
}
