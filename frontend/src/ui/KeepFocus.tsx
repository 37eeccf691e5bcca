import { type ReactNode, useLayoutEffect, useRef } from "react";

interface KeepFocusProps {
  /** What decides which control is shown. */
  of: string;
  children: ReactNode;
}

/** A control that is replaced by another hands on the focus; it is not lost to the top of the page. */
export function KeepFocus({ of, children }: KeepFocusProps) {
  const frame = useRef<HTMLSpanElement>(null);
  // React fires no blur for its own changes, so this still holds after a replacement.
  const held = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when the control is another
  useLayoutEffect(() => {
    // Somewhere else by now: it is not taken back.
    if (!held.current || document.activeElement !== document.body) return;
    frame.current?.querySelector<HTMLElement>("a, button:not(:disabled)")?.focus();
  }, [of]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches where the focus is
    <span
      ref={frame}
      className="contents"
      onFocus={() => {
        held.current = true;
      }}
      onBlur={({ target }) => {
        // A browser takes the focus of a button that is disabled, as it is while its request is out.
        held.current = target instanceof HTMLButtonElement && target.disabled;
      }}
    >
      {children}
    </span>
  );
}
