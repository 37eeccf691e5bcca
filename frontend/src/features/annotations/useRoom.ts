import { useLayoutEffect, useRef, useState } from "react";
import type { Size } from "./boxes";

/** A smaller image is shown as large as this, where there is room. */
export const LEAST_SIDE_PX = 480;

/** The frame of an image, and how many of the screen's pixels one of its own takes in it. */
export function useRoom({ width, height }: Size, zoom: number) {
  const frame = useRef<HTMLElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const box = frame.current;
    if (!box) return;
    const look = () => setRoom({ width: box.clientWidth, height: box.clientHeight });
    look();
    const watch = typeof ResizeObserver === "function" ? new ResizeObserver(look) : null;
    watch?.observe(box);
    return () => watch?.disconnect();
  }, []);
  const enough = Math.max(1, LEAST_SIDE_PX / Math.max(width, height));
  return { frame, scale: zoom * Math.min(room.width / width, room.height / height, enough) };
}
