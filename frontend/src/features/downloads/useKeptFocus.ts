import { type FocusEvent, useLayoutEffect, useRef } from "react";

/** A row that is moved keeps the focus: browsers take it from what is moved in a page. */
export function useKeptFocus() {
  const focused = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    const before = focused.current;
    if (before?.isConnected && document.activeElement === document.body)
      before.focus({ preventScroll: true });
  });
  return {
    onFocus: ({ target }: FocusEvent<HTMLElement>) => {
      focused.current = target;
    },
    // React fires no blur for its own changes.
    onBlur: () => {
      focused.current = null;
    },
  };
}
