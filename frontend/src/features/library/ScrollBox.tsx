import { clsx } from "clsx";
import { type ReactNode, useEffect, useRef, useState } from "react";

interface ScrollBoxProps {
  label: string;
  /** How wide it is inside, in pixels; 0 before it is drawn. */
  onWidth?: (width: number) => void;
  className?: string;
  children: ReactNode;
}

const AT_REST = { left: false, right: false, down: false };

/**
 * A box that scrolls by itself, with a shadow on each side where there is more. A scrollbar alone is
 * hidden by phones and by macOS, and whole columns are missed (simonw/datasette#1298,
 * open-metadata/OpenMetadata#23136).
 */
export function ScrollBox({ label, onWidth, className, children }: ScrollBoxProps) {
  const box = useRef<HTMLElement>(null);
  const [more, setMore] = useState(AT_REST);

  function look() {
    const seen = box.current;
    if (!seen) return;
    // A pixel may be lost to rounding.
    const left = seen.scrollLeft > 1;
    const right = seen.scrollLeft + seen.clientWidth < seen.scrollWidth - 1;
    const down = seen.scrollTop + seen.clientHeight < seen.scrollHeight - 1;
    setMore((old) =>
      old.left === left && old.right === right && old.down === down ? old : { left, right, down },
    );
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: it reads the box as it is then
  useEffect(() => {
    const seen = box.current;
    if (!seen || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => {
      onWidth?.(seen.clientWidth);
      look();
    });
    observer.observe(seen);
    if (seen.firstElementChild) observer.observe(seen.firstElementChild);
    return () => observer.disconnect();
  }, []);

  return (
    <div className="grid grid-cols-1 gap-1">
      <div className="relative overflow-hidden rounded-card border bg-card">
        {/* Scrolls by itself, so it must be reached with the keyboard too. */}
        <section
          ref={box}
          aria-label={label}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls takes the arrow keys
          tabIndex={0}
          onScroll={look}
          className={clsx("overflow-auto -outline-offset-2", className)}
        >
          {children}
        </section>
        {more.left && <Shade className="inset-y-0 left-0 w-3 border-l-3" />}
        {more.right && <Shade className="inset-y-0 right-0 w-3 border-r-3" />}
        {more.down && <Shade className="inset-x-0 bottom-0 h-3 border-b-3" />}
      </div>
      {(more.left || more.right) && (
        <p className="text-12 text-muted">
          {more.right
            ? "Scroll sideways for more columns →"
            : "← Scroll back for the first columns"}
        </p>
      )}
    </div>
  );
}

/** The edge behind which something is. */
function Shade({ className }: { className: string }) {
  return (
    <span
      aria-hidden
      data-more
      className={clsx("pointer-events-none absolute border-muted/60", className)}
    />
  );
}
