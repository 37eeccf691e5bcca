import { type RefObject, useCallback, useLayoutEffect, useState } from "react";
import { watchBox } from "@/ui/watchBox";

/** What of a box is seen, in pixels, and how a stretch of it is brought into sight. */
export function useScrolled(box: RefObject<HTMLElement | null>) {
  const [seen, setSeen] = useState({ top: 0, width: 0, height: 0 });
  useLayoutEffect(() => {
    const frame = box.current;
    if (!frame) return;
    const look = () =>
      setSeen({ top: frame.scrollTop, width: frame.clientWidth, height: frame.clientHeight });
    return watchBox(frame, look);
  }, [box]);
  const show = useCallback(
    (top: number, length: number) => {
      const frame = box.current;
      if (!frame) return;
      const { scrollTop, clientHeight } = frame;
      if (top < scrollTop) frame.scrollTop = top;
      else if (top + length > scrollTop + clientHeight)
        frame.scrollTop = top + length - clientHeight;
    },
    [box],
  );
  return { ...seen, show };
}
