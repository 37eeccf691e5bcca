import { expect, test } from "vitest";
import { droppedFiles, lookAt } from "./folder";

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

test("all files of a dropped folder come, of which a browser gives a hundred at a time", async () => {
  const entries = Array.from({ length: 250 }, (_, number) => ({
    isFile: true,
    fullPath: `/leaves/${number}.png`,
    file: (found: (file: File) => void) => found(new File(["x"], `${number}.png`)),
  }));
  const folder = {
    isFile: false,
    createReader: () => ({
      readEntries: (found: (some: unknown[]) => void) => found(entries.splice(0, 100)),
    }),
  };
  const items = [{ webkitGetAsEntry: () => folder }] as unknown as DataTransferItemList;
  const files = await droppedFiles(items);
  expect(files.map(({ path }) => path)).toContain("leaves/249.png");
  expect(files).toHaveLength(250);
});
