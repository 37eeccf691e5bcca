import { describe, expect, it } from "vitest";
import { type Box, boxBetween, handlePoint, moved, resized, withValue } from "./boxes";

const SIZE = { width: 100, height: 50 };
const BOX: Box = [10, 10, 20, 20];

describe("boxes", () => {
  it("are drawn in any direction, and end at the image's edges", () => {
    expect(boxBetween({ x: 90, y: 40 }, { x: -5, y: 60 }, SIZE)).toEqual([0, 40, 90, 10]);
    expect(boxBetween({ x: 1.2345, y: 2 }, { x: 3, y: 4 }, SIZE)).toEqual([1.23, 2, 1.77, 2]);
  });

  it("keep their size when they are moved against an edge", () => {
    expect(moved(BOX, { x: 500, y: -500 }, SIZE)).toEqual([80, 0, 20, 20]);
  });

  it("turn over when a handle passes the opposite side", () => {
    expect(handlePoint(BOX, "se")).toEqual({ x: 30, y: 30 });
    expect(resized(BOX, "e", { x: -30, y: 9 }, SIZE)).toEqual([0, 10, 10, 20]);
    expect(resized(BOX, "nw", { x: 5, y: 5 }, SIZE)).toEqual([15, 15, 15, 15]);
  });

  it("take a typed value only where they still lie in the image", () => {
    expect(withValue(BOX, 2, 90, SIZE)).toEqual([10, 10, 90, 20]);
    expect(withValue(BOX, 2, 90.5, SIZE)).toBeUndefined();
    expect(withValue(BOX, 3, Number.NaN, SIZE)).toBeUndefined();
  });
});
