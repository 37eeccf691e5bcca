import { screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import type { Comparison } from "@/api/types";
import { renderOnPage } from "@/test/render";
import { sampleCard } from "@/test/samples";
import { CompareTable } from "./CompareTable";
import { compareSearch, whyNot } from "./refs";

const COMPARISON: Comparison = {
  datasets: [
    { ref: "kaggle:uciml/iris", card: sampleCard(), read_rows: 150, table: "iris.csv" },
    {
      ref: "huggingface:a/gone",
      card: null,
      problem: {
        code: "not_found",
        detail: "HuggingFace has no dataset a/gone.",
        status: 404,
        retryable: false,
      },
    },
    {
      ref: "builtin:wine",
      card: sampleCard({ ref: "builtin:wine", title: "Wine" }),
      table: "wine.csv",
    },
  ],
  facts: [
    { name: "license", label: "Licence", values: ["CC0-1.0", null, "CC0-1.0"], differs: false },
    { name: "rows", label: "Rows", values: ["150", null, null], differs: true },
  ],
  columns: [{ name: "label", types: ["text", null, null], empty: [3, null, null], differs: true }],
  more_columns: 0,
};

test("what differs is said in words, and what is missing is told apart from what is not known", async () => {
  renderOnPage(
    <CompareTable comparison={COMPARISON} facts={COMPARISON.facts} columns={COMPARISON.columns} />,
  );
  expect(await cellsOf("Rows (differs)")).toEqual(["150", "–", "not known"]);
  expect(await cellsOf("Licence")).toEqual(["CC0-1.0", "–", "CC0-1.0"]);
  expect(await cellsOf("label (differs)")).toEqual([
    "text3 of 150 rows empty",
    "not known",
    "no such column",
  ]);
});

async function cellsOf(header: string): Promise<(string | null)[]> {
  const headers = await screen.findAllByRole("rowheader");
  const row = headers.find(({ textContent }) => textContent?.replace("≠", "") === header);
  return [...(row?.parentElement?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent);
}

test("an address names each dataset once, and too few or too many are told", () => {
  expect(compareSearch({ ref: "kaggle:a/b" }).ref).toEqual(["kaggle:a/b"]);
  expect(compareSearch({ ref: ["a", "b", "a", 3] }).ref).toEqual(["a", "b"]);
  expect(compareSearch({}).ref).toEqual([]);
  expect([1, 2, 6, 7].map((count) => whyNot(count) === undefined)).toEqual([
    false,
    true,
    true,
    false,
  ]);
});
