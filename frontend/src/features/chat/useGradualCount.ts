import { useEffect, useState } from "react";

/**
 * How many of `count` parts may be drawn by now: `first` at once, then one more in each task of the
 * browser, which takes clicks and keys between them.
 */
export function useGradualCount(first: number, count: number): number {
  const [more, setMore] = useState(0);
  const drawn = first + more;
  useEffect(() => {
    if (drawn >= count) return;
    const timer = setTimeout(() => setMore(more + 1));
    return () => clearTimeout(timer);
  }, [drawn, count, more]);
  return drawn;
}
