/** As parts of the picture, from 0 to 1. */
export interface Point {
  x: number;
  y: number;
}

export interface Area extends Point {
  width: number;
  height: number;
}

/** The rectangle between two points, as far as it lies in the picture. */
export function areaBetween(one: Point, other: Point): Area {
  const [left, right] = sorted(one.x, other.x);
  const [top, bottom] = sorted(one.y, other.y);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function sorted(one: number, other: number): [number, number] {
  const [low, high] = one < other ? [one, other] : [other, one];
  return [Math.max(0, low), Math.min(1, high)];
}

/** x, y, width and height in whole pixels that hold all of it. */
export function inPixels(
  { x, y, width, height }: Area,
  picture: { width: number; height: number },
): [number, number, number, number] {
  const left = Math.floor(x * picture.width);
  const top = Math.floor(y * picture.height);
  const right = Math.ceil((x + width) * picture.width);
  const bottom = Math.ceil((y + height) * picture.height);
  return [left, top, right - left, bottom - top];
}
