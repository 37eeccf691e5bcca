import { expect, test } from "vitest";
import { namesPicture } from "./namedPictures";

test("a picture is named by its end, and a text that only speaks of one is none", () => {
  expect(["a.png", "train/cat/0001.JPEG", "..\\\\x.tif"].every(namesPicture)).toBe(true);
  expect(["", null, undefined, ".png", "a.png is a picture", "a.pdf"].some(namesPicture)).toBe(
    false,
  );
  expect(namesPicture(`${"x".repeat(2000)}.png`)).toBe(false);
});
