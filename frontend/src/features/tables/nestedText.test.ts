import { expect, test } from "vitest";
import { laidOut } from "./nestedText";

test("nested values are laid out as they stand, with all the digits of their numbers", () => {
  expect(laidOut('{"id":9007199254740993,"tags":["a, b",{}],"no":[]}')).toBe(
    '{\n  "id": 9007199254740993,\n  "tags": [\n    "a, b",\n    {}\n  ],\n  "no": []\n}',
  );
  expect(laidOut(String.raw`["say \"{\"", 1.50]`)).toBe('[\n  "say \\"{\\"",\n  1.50\n]');
  expect(laidOut("not JSON, a b")).toBe("not JSON, a b");
  expect(laidOut('["cut in the mi')).toBe('["cut in the mi');
});
