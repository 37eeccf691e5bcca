/** Left and upper edge, width and height, in pixels of the upright image. */
export type Box = [number, number, number, number];

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** A corner or an edge that is dragged: which sides of the box it moves. */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number];

/** Boxes are kept to a hundredth of a pixel. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function between(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The box between two corners, in whatever direction it is drawn, as far as it lies in the image. */
export function boxBetween(one: Point, other: Point, { width, height }: Size): Box {
  const left = between(0, Math.min(one.x, other.x), width);
  const right = between(0, Math.max(one.x, other.x), width);
  const top = between(0, Math.min(one.y, other.y), height);
  const bottom = between(0, Math.max(one.y, other.y), height);
  return [left, top, right - left, bottom - top].map(rounded) as Box;
}

/** The box moved, and stopped by the image's edges without losing its size. */
export function moved([x, y, w, h]: Box, by: Point, { width, height }: Size): Box {
  return [
    rounded(between(0, x + by.x, width - w)),
    rounded(between(0, y + by.y, height - h)),
    w,
    h,
  ];
}

/** The box with the sides of a handle moved; beyond the opposite side it turns over. */
export function resized([x, y, w, h]: Box, handle: Handle, by: Point, size: Size): Box {
  const from = {
    x: x + (handle.includes("w") ? by.x : 0),
    y: y + (handle.includes("n") ? by.y : 0),
  };
  const to = {
    x: x + w + (handle.includes("e") ? by.x : 0),
    y: y + h + (handle.includes("s") ? by.y : 0),
  };
  return boxBetween(from, to, size);
}

/** Where the handle of a box is. */
export function handlePoint([x, y, w, h]: Box, handle: Handle): Point {
  return {
    x: x + (handle.includes("w") ? 0 : handle.includes("e") ? w : w / 2),
    y: y + (handle.includes("n") ? 0 : handle.includes("s") ? h : h / 2),
  };
}

/** One edge or side of a box as it is typed; undefined where the box would not lie in the image. */
export function withValue(
  box: Box,
  place: 0 | 1 | 2 | 3,
  value: number,
  size: Size,
): Box | undefined {
  if (!Number.isFinite(value)) return undefined;
  const changed = box.with(place, rounded(value)) as Box;
  const [x, y, w, h] = changed;
  const lies = x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= size.width && y + h <= size.height;
  return lies ? changed : undefined;
}

/** A box in the middle, for those who draw without a mouse. */
export function middleBox({ width, height }: Size): Box {
  return [width / 4, height / 4, width / 2, height / 2].map(rounded) as Box;
}
