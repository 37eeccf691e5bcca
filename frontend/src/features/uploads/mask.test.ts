import { expect, test } from "vitest";
import { areaBetween, inPixels } from "./mask";

test("a rectangle is the same whichever corner it was drawn from, and ends with the picture", () => {
  const area = areaBetween({ x: 0.75, y: 1.4 }, { x: 0.25, y: 0.5 });
  expect(area).toEqual({ x: 0.25, y: 0.5, width: 0.5, height: 0.5 });
  expect(inPixels(area, { width: 100, height: 33 })).toEqual([25, 16, 50, 17]);
});
