import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/live";
import { answerRequests, json, problem, renderOnPage } from "@/test/render";
import { TablePreview } from "./TablePreview";

const KEY = "kaggle:acme~one";
const PREVIEW = "GET /api/datasets/kaggle%3Aacme~one/preview";

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
  row_count: 840,
  notes: ["Separated by semicolons.", "The encoding is guessed: cp1252."],
  cut: [],
  snippet: "load()",
};

beforeEach(() => queryClient.clear());

function show(answer: () => Response) {
  const server = answerRequests({ [PREVIEW]: answer });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<TablePreview datasetKey={KEY} />);
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
  expect(within(table).getAllByRole("columnheader")).toHaveLength(3);
  expect(screen.getByText(/First 2 of 840 rows of/)).toBeVisible();
  expect(screen.getByText(/Separated by semicolons\. The encoding is guessed/)).toBeVisible();
});

test("the whole of a long cell is fetched when it is asked for", async () => {
  const long = "x".repeat(5000);
  const server = answerRequests({
    [PREVIEW]: ({ path }) => {
      const whole = path.includes("cell_chars=1000000");
      const cut = whole ? [] : [{ row: 0, column: 1, chars: 5000 }];
      return json({ ...preview, rows: [["1", whole ? long : long.slice(0, 1000), null]], cut });
    },
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<TablePreview datasetKey={KEY} />);
  await userEvent.click(await screen.findByRole("button", { name: /^x+$/ }));
  const dialog = await screen.findByRole("dialog", { name: "id, row 1" });
  expect(await within(dialog).findByText(long)).toBeVisible();
});

test("a very wide table is drawn in part, and whole on demand", async () => {
  const columns = Array.from({ length: 300 }, (_, number) => column(`c${number}`));
  show(() => json({ ...preview, columns, rows: [columns.map((one) => one.name)] }));
  expect(await screen.findAllByRole("columnheader")).toHaveLength(100);
  await userEvent.click(screen.getByRole("button", { name: "Show all 300 columns" }));
  expect(screen.getAllByRole("columnheader")).toHaveLength(300);
});

test("a table that cannot be read says why", async () => {
  show(() => problem(404, "unreadable", "a.parquet cannot be shown as a table. It is damaged."));
  expect(await screen.findByText(/It is damaged/)).toBeVisible();
});
