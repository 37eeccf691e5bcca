import { screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import type { Verdict } from "@/api/types";
import { answerRequests, json, renderOnPage } from "@/test/render";
import VerdictPanel from "./VerdictPanel";

const verdict: Verdict = {
  licence: {
    name: "CC BY-NC 4.0",
    spdx_id: "CC-BY-NC-4.0",
    url: "https://creativecommons.org/licenses/by-nc/4.0/",
    short: "no commercial use",
    commercial: "forbidden",
    stated: true,
    known: true,
    terms: [
      {
        topic: "commercial",
        label: "Commercial use",
        verdict: "forbidden",
        words: "the text does not allow it",
      },
    ],
    notes: [],
    caution: "It is not legal advice.",
  },
  gate: {
    state: "terms",
    words: "Its terms must be accepted first.",
    url: "https://example.org/terms",
    account: "your own account at HuggingFace",
  },
  room: {
    download_bytes: 4e9,
    needed_bytes: 4e9,
    peak_bytes: null,
    free_bytes: 6e10,
    fits: true,
    rate_bps: null,
    seconds: null,
    words: "4 GB to download; 60 GB free: it fits.",
  },
  table: { rows: 50_000, columns: 2, row_range: null, words: "50,000 rows, 2 columns" },
};

function show(told: Verdict, here = false) {
  const server = answerRequests({ "GET /api/datasets/kaggle%3Aa~b/verdict": () => json(told) });
  vi.stubGlobal("fetch", server.fetch);
  return renderOnPage(<VerdictPanel datasetKey="kaggle:a~b" here={here} />);
}

test("what the text says, the terms, the room and the table stand by their names", async () => {
  show(verdict);
  expect(await screen.findByText("Commercial use")).toBeVisible();
  expect(screen.getByText("the text does not allow it")).toBeVisible();
  expect(screen.getByRole("link", { name: /Its text/ })).toHaveAttribute(
    "href",
    verdict.licence.url,
  );
  expect(screen.getByRole("link", { name: /Its page/ })).toHaveAttribute("href", verdict.gate.url);
  expect(screen.getByText(/Whose account: your own account at HuggingFace/)).toBeVisible();
  expect(screen.getByText(verdict.room.words)).toBeVisible();
  expect(screen.getByText("50,000 rows, 2 columns")).toBeVisible();
  expect(screen.getByText("It is not legal advice.")).toBeVisible();
});

test("of what is here already, nothing is said of a download", async () => {
  show(verdict, true);
  expect(await screen.findByText("the text does not allow it")).toBeVisible();
  expect(screen.queryByText(verdict.room.words)).toBeNull();
  expect(screen.queryByText("Terms to accept")).toBeNull();
});

test("an unknown licence is shown with its own name and no verdicts", async () => {
  const licence = {
    ...verdict.licence,
    name: "Our terms, for research only",
    spdx_id: null,
    url: "javascript:alert(1)",
    short: "what it allows is not known",
    commercial: "unknown" as const,
    known: false,
  };
  show({ ...verdict, licence });
  expect(await screen.findByText(/Our terms, for research only/)).toHaveTextContent(
    "what it allows is not known",
  );
  expect(screen.queryByText("Commercial use")).toBeNull();
  expect(screen.queryByRole("link", { name: /publisher/ })).toBeNull();
});
