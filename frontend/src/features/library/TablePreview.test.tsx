import { screen, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/live";
import { answerRequests, json, problem, renderOnPage } from "@/test/render";
import { rowsAtFirst, TablePreview } from "./TablePreview";

const KEY = "kaggle:acme~one";
const PREVIEW = "GET /api/datasets/kaggle%3Aacme~one/preview";
const FILES = `${PREVIEW}/files`;
const listed = (...paths: string[]) => ({
  files: paths.map((path) => ({ path, size: 10 })),
  more: false,
});

const column = (name: string, numeric = false) => ({
  name,
  dtype: numeric ? "number" : "text",
  numeric,
});
const preview = {
  path: "train.csv",
  columns: [column("id", true), column("id"), column("")],
  rows: [
    ["1152921504606846977", "FALSE", null],
    ["1.50", "007", ""],
  ],
  column_count: 3,
  row_count: 1840,
  notes: ["Separated by semicolons.", "The encoding is guessed: cp1252."],
  cut: [],
  left_out: { columns: 0, rows: 0, names: 0, cells: 0 },
  snippet: "load()",
  partial: false,
};

beforeEach(() => queryClient.clear());

const picked = vi.fn();

function show(answer: () => Response, files: object = listed("train.csv")) {
  const server = answerRequests({ [PREVIEW]: answer, [FILES]: () => json(files) });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<TablePreview datasetKey={KEY} onFile={picked} />);
  return server;
}

test("cells stand as the file has them, and what was guessed is said", async () => {
  show(() => json(preview));
  const table = await screen.findByRole("table");
  for (const text of ["1152921504606846977", "FALSE", "1.50", "007"]) {
    expect(within(table).getByRole("cell", { name: text })).toHaveTextContent(text);
  }
  expect(within(table).getByRole("cell", { name: "1.50" })).toHaveClass("text-right");
  expect(within(table).getByTitle("No value")).toBeVisible();
  // With the one over the rows' numbers.
  expect(within(table).getAllByRole("columnheader")).toHaveLength(4);
  expect(within(table).getAllByRole("columnheader")[1]).toHaveClass("text-right");
  expect(screen.getByText(/First 2 of 1,840 rows · 3 columns/)).toBeVisible();
  expect(screen.getByText(/Separated by semicolons\. The encoding is guessed/)).toBeVisible();
});

test("of what is not here it says how much was fetched, and that a count is a guess", async () => {
  const about = { row_count: null, least_row_count: 40, about_row_count: 400_000 };
  const fetched = { fetched_bytes: 524_288, size_bytes: 8_800_000, fetched_from: "HuggingFace" };
  show(() => json({ ...preview, ...about, ...fetched, partial: true }), {
    ...listed("train.csv"),
    partial: true,
  });
  expect(
    await screen.findByText(
      /First 2 of about 400,000 rows · 3 columns · 524 kB of 8\.8 MB fetched from HuggingFace/,
    ),
  ).toBeVisible();
});

test("the whole of a long cell is fetched when it is asked for", async () => {
  const long = "x".repeat(5000);
  const server = answerRequests({
    [FILES]: () => json(listed("train.csv")),
    [PREVIEW]: ({ path }) => {
      const whole = path.includes("cell_chars=1000000");
      const cut = whole ? [] : [{ row: 0, column: 1, chars: 5000 }];
      return json({ ...preview, rows: [["1", whole ? long : long.slice(0, 1000), null]], cut });
    },
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<TablePreview datasetKey={KEY} onFile={picked} />);
  await userEvent.click(await screen.findByRole("button", { name: /^x+$/ }));
  const dialog = await screen.findByRole("dialog", { name: "id, row 1" });
  expect(await within(dialog).findByText(long)).toBeVisible();
});

test("of a very wide table fewer rows are drawn at first, never fewer columns", () => {
  expect([3, 100, 200, 1000].map(rowsAtFirst)).toEqual([3333, 100, 50, 20]);
});

test.each([
  [{ row_count: 2 }, "All 2 rows"],
  [{ row_count: 0, rows: [] }, "A header without rows"],
  [{ row_count: null, least_row_count: 24_000 }, "First 2 of more than 24,000 rows"],
  [{ row_count: null, least_row_count: 2 }, "First 2 rows"],
])("how many rows there are is true: %o", async (counts, words) => {
  show(() => json({ ...preview, ...counts }));
  expect(await screen.findByText(new RegExp(`^${words} · 3 columns`))).toBeVisible();
});

test("another of its tables can be chosen", async () => {
  show(() => json(preview), listed("train.csv", "test.csv"));
  const menu = await screen.findByRole("combobox", { name: "File" });
  await userEvent.selectOptions(menu, "test.csv");
  expect(picked).toHaveBeenCalledWith("test.csv");
});

test("a table that cannot be read says why", async () => {
  show(() => problem(404, "unreadable", "a.parquet cannot be shown as a table. It is damaged."));
  expect(await screen.findByText(/It is damaged/)).toBeVisible();
});

test("what else keeps it away is said too, and can be tried again", async () => {
  show(() => problem(404, "not_found", "train.csv is not on the disk as it was downloaded."));
  expect(await screen.findByRole("alert")).toHaveTextContent("not on the disk");
  expect(screen.getByRole("button", { name: "Retry" })).toBeVisible();
});

test("without a table it is said why", async () => {
  const reason = "Its files are pictures (.png).";
  show(() => json(preview), { files: [], more: false, reason, next_step: "Open them elsewhere." });
  expect(await screen.findByText(/pictures \(\.png\)\. Open them elsewhere/)).toBeVisible();
});
