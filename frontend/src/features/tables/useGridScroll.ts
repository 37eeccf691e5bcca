import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import { watchBox } from "@/ui/watchBox";
import { heightOf, ROW_PX } from "./gridGeometry";

export interface GridScroll {
  /** The first row that is seen, with the part of it that is not. */
  top: number;
  left: number;
  width: number;
  height: number;
  /** Of the scrolled box, in pixels. */
  px: number;
  toTop: () => void;
  /** Bring a row and a stretch of columns into sight. */
  show: (row: number, left: number, right: number) => void;
}

/** What of a grid is seen. Of a table taller than a browser's boxes the wheel moves by rows all the same. */
export function useGridScroll(
  box: RefObject<HTMLElement | null>,
  rows: number,
  headPx: number,
  sidePx: number,
): GridScroll {
  const [seen, setSeen] = useState({ top: 0, left: 0, width: 0, height: 0 });
  const body = Math.max(ROW_PX, seen.height - headPx);
  const { px, scale } = heightOf(rows, body);
  const exact = useRef<number | null>(null);

  const look = useCallback(() => {
    const frame = box.current;
    if (!frame) return;
    const top = exact.current ?? (frame.scrollTop * scale) / ROW_PX;
    exact.current = null;
    const { scrollLeft: left, clientWidth: width, clientHeight: height } = frame;
    setSeen({ top, left, width, height });
  }, [box, scale]);

  const goTo = useCallback(
    (top: number) => {
      const frame = box.current;
      if (!frame) return;
      const last = Math.max(0, rows - body / ROW_PX);
      const wanted = Math.min(last, Math.max(0, top));
      exact.current = wanted;
      const before = frame.scrollTop;
      frame.scrollTop = (wanted * ROW_PX) / scale;
      // Less than a pixel of the scrollbar: nothing tells of it.
      if (frame.scrollTop === before) look();
    },
    [box, rows, body, scale, look],
  );

  useLayoutEffect(() => {
    return box.current ? watchBox(box.current, look) : undefined;
  }, [box, look]);

  useLayoutEffect(() => {
    const frame = box.current;
    if (!frame || scale === 1) return;
    const turn = (event: WheelEvent) => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      event.preventDefault();
      goTo(seen.top + (event.deltaMode === 1 ? event.deltaY : event.deltaY / ROW_PX));
    };
    frame.addEventListener("wheel", turn, { passive: false });
    return () => frame.removeEventListener("wheel", turn);
  }, [box, scale, goTo, seen.top]);

  const show = useCallback(
    (row: number, left: number, right: number) => {
      const frame = box.current;
      if (!frame) return;
      const fits = Math.floor(body / ROW_PX);
      if (row >= 0 && row < seen.top) goTo(row);
      else if (row >= seen.top + fits) goTo(row - fits + 1);
      if (left < frame.scrollLeft) frame.scrollLeft = left;
      else if (right > frame.scrollLeft + frame.clientWidth - sidePx) {
        frame.scrollLeft = Math.min(left, right - frame.clientWidth + sidePx);
      }
    },
    [box, body, seen.top, goTo, sidePx],
  );

  const toTop = useCallback(() => goTo(0), [goTo]);

  return { ...seen, px, show, toTop };
}
