import { expect, test } from "vitest";
import { hubCode, hubCommand, hubSettings } from "./hubCode";

test("the newest copy is had without a revision, another one by its commit", () => {
  const newest = { repo: "kaggle/uciml__iris", revision: null };
  const older = { repo: "kaggle/uciml__iris", revision: "0a1b" };
  expect(hubCommand(newest)).toBe("hf download kaggle/uciml__iris --repo-type dataset");
  expect(hubCommand(older)).toBe(
    "hf download kaggle/uciml__iris --repo-type dataset --revision 0a1b",
  );
  expect(hubCode(newest)).toContain('load_dataset("kaggle/uciml__iris")');
  expect(hubCode(older)).toContain('load_dataset("kaggle/uciml__iris", revision="0a1b")');
});

test("the settings name this server", () => {
  expect(hubSettings("https://data.example.org")).toContain(
    "HF_ENDPOINT=https://data.example.org/hub",
  );
});
