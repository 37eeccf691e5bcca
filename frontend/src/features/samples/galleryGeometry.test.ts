import { expect, test } from "vitest";
import { drawn, layOut, stepped } from "./galleryGeometry";

test("what is drawn is what is seen and a little beyond", () => {
  const wide = layOut(60_000, 1280, null);
  expect([wide.columns, wide.tilePx, wide.placed]).toEqual([8, 160, 60_000]);
  expect(drawn(wide, 0, 600)).toEqual([0, 40]);
  expect(drawn(wide, wide.heightPx - 600, 600)[1]).toBe(60_000);
  const narrow = layOut(3, 340, null);
  expect([narrow.columns, drawn(narrow, 0, 600)]).toEqual([2, [0, 3]]);
  expect(layOut(9, 1280, 5).columns).toBe(1);
});

test("no box is taller than a browser draws", () => {
  const { heightPx, placed } = layOut(10_000_000, 340, null);
  expect(heightPx).toBeLessThanOrEqual(12_000_000);
  expect(placed).toBeLessThan(10_000_000);
});

test("keys lead from one to another and never beyond", () => {
  expect(stepped(5, "ArrowDown", 8, 60)).toBe(13);
  expect(stepped(5, "ArrowUp", 8, 60)).toBe(0);
  expect(stepped(59, "ArrowRight", 8, 60)).toBe(59);
  expect(stepped(5, "End", 8, 60)).toBe(59);
  expect(stepped(5, "x", 8, 60)).toBeNull();
});
