import { expect, test } from "vitest";
import { sampleCard } from "@/test/samples";
import { inOrder, ORDERS, type ResultOrder } from "./resultOrder";
import { steadyTop } from "./useSteadyTop";

const cards = [
  sampleCard({ ref: "a", title: "Set 10", size_bytes: null, license: null, downloads: 0 }),
  sampleCard({
    ref: "b",
    title: "set 9",
    size_bytes: 10,
    license: "MIT",
    downloads: 5,
    updated_at: "2024-01-02T00:00:00Z",
  }),
  sampleCard({
    ref: "c",
    title: "Álbum",
    size_bytes: 9_000_000,
    license: "CC-BY-NC-ND-4.0",
    downloads: 70,
    updated_at: "2019-01-02T00:00:00Z",
  }),
];

/** https://github.com/igvteam/igv-reports/pull/91: what is not known is last, up and down. */
test.each([
  ["relevance", "abc"],
  ["size up", "bca"],
  ["size down", "cba"],
  ["date up", "cba"],
  ["date down", "bca"],
  ["downloads up", "bca"],
  ["downloads down", "cba"],
  ["licence up", "cba"],
  ["licence down", "bca"],
  ["title up", "cba"],
  ["title down", "abc"],
] satisfies [ResultOrder, string][])("%s", (order, refs) => {
  expect(
    inOrder(cards, order)
      .map((card) => card.ref)
      .join(""),
  ).toBe(refs);
  expect(ORDERS.map((one) => one.order)).toContain(order);
});

test("what is shown stays where it is; what ranks among the best comes below; what is gone goes", () => {
  expect(steadyTop([], ["a", "b", "c"], 2)).toEqual(["a", "b"]);
  expect(steadyTop(["a", "b"], ["x", "a", "y", "b"], 2)).toEqual(["a", "b", "x"]);
  expect(steadyTop(["a", "b"], ["b", "c", "d"], 2)).toEqual(["b", "c"]);
});
