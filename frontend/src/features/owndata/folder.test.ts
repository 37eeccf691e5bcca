import { expect, test } from "vitest";
import { lookAt } from "./folder";

const given = (...paths: string[]) => paths.map((path) => ({ path, file: new File(["x"], path) }));

test("a folder's own name is the dataset's, and what is in it is told", () => {
  const look = lookAt(
    given("leaves/oak/1.png", "leaves/oak/2.png", "leaves/t.csv", "leaves/.DS_Store"),
  );
  expect(look).toMatchObject({
    name: "leaves",
    bytes: 3,
    folders: [{ name: "oak", count: 2 }],
    tables: ["t.csv"],
    leftOut: [".DS_Store"],
    refused: [],
  });
});

test("names that no dataset can have, and that others cannot tell apart", () => {
  const look = lookAt(
    given("a\u0001", `${"x".repeat(300)}`, "A.txt", "a.txt", "e\u0301", "\u00e9"),
  );
  expect(look.refused.map(({ reason }) => reason)).toEqual([
    "holds control characters",
    "is too long",
  ]);
  expect(look.twins).toHaveLength(2);
  expect(lookAt(given("data.tar.gz"))).toMatchObject({ name: "data", archives: ["data.tar.gz"] });
});
