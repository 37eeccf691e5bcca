import { screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { JOBS_KEY } from "@/api/jobs";
import { queryClient } from "@/api/live";
import { answerRequests, json, renderOnPage } from "@/test/render";
import { sampleCard } from "@/test/samples";
import { SearchResults } from "./SearchResults";

const AROUND = { above: new Set<string>(), numbers: new Map<string, number>(), room: 5 };
const NOTHING = {
  query: "owls",
  downloadable_datasets: [],
  source_errors: [],
  more: false,
  offset: 0,
  nothing_about: null,
  left_out: [
    { filter: "language" as const, count: 9 },
    { filter: "license" as const, count: 1 },
  ],
  index_snapshot_at: null,
};

test("filters are told, and each can be taken away", async () => {
  queryClient.setQueryData(JOBS_KEY, []);
  const owls = sampleCard({ ref: "kaggle:a/owls", title: "Owl Census" });
  const server = answerRequests({
    "POST /api/datasets/search-all": () =>
      json({ ...NOTHING, downloadable_datasets: undefined, left_out: [], datasets: [owls] }),
  });
  vi.stubGlobal("fetch", server.fetch);
  const input = { query: "owls", language: "de", license: "cc0", max_bytes: 100_000_000 };
  renderOnPage(<SearchResults input={input} output={NOTHING} around={AROUND} />);
  expect(await screen.findByText(/Left out:/)).toHaveTextContent(
    "Left out: 9 datasets by “in German”, 1 dataset by “licence cc0”.",
  );
  const chips = screen.getByRole("list", { name: "Filters of this search" });
  expect(
    within(chips)
      .getAllByRole("listitem")
      .map((chip) => chip.textContent),
  ).toEqual(["licence cc0", "in German", "at most 100 MB"]);

  await userEvent.click(screen.getByRole("button", { name: /without the filter: in German/ }));
  expect(await screen.findByText("Owl Census")).toBeVisible();
  expect(screen.queryByText("in German")).toBeNull();
  expect(screen.getByText("licence cc0")).toBeVisible();

  const filter = (words: string) =>
    screen.getByRole("button", { name: `Search without the filter: ${words}` });
  await waitFor(() => expect(filter("at most 100 MB")).toHaveFocus());
  await userEvent.keyboard("{Enter}");
  await waitFor(() => expect(filter("licence cc0")).toHaveFocus());
  await userEvent.keyboard("{Enter}");
  await waitFor(() => expect(document.activeElement).toHaveAttribute("data-card", owls.ref));
});
