import { expect, test } from "vitest";
import { viewOf } from "./pointRenderer";

/** Where a place in metres comes to lie, from -1 to 1 on the screen, and its distance. */
function seen(place: [number, number, number], camera = { turn: 0, tilt: 0, distance: 10 }) {
  const view = viewOf(camera, 1);
  const [x = 0, y = 0, , w = 0] = [0, 1, 2, 3].map(
    (row) =>
      (view[row] ?? 0) * place[0] +
      (view[4 + row] ?? 0) * place[1] +
      (view[8 + row] ?? 0) * place[2] +
      (view[12 + row] ?? 0),
  );
  return { x: x / w, y: y / w, distance: w };
}

test("what is straight ahead of the scanner is in the middle", () => {
  expect(seen([5, 0, 0])).toEqual({ x: 0, y: 0, distance: 15 });
});

test("the left is left, and what is high is above", () => {
  expect(seen([0, 2, 0]).x).toBeLessThan(0);
  expect(seen([0, 0, 2]).y).toBeGreaterThan(0);
  expect(seen([0, 2, 0], { turn: Math.PI, tilt: 0, distance: 10 }).x).toBeGreaterThan(0);
});

test("from higher up what is ahead lies above the middle", () => {
  expect(seen([5, 0, 0], { turn: 0, tilt: 1, distance: 10 }).y).toBeGreaterThan(0);
});
