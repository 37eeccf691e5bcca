import { screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/live";
import type { JobView } from "@/api/types";
import { answerRequests, json, renderOnPage } from "@/test/render";
import { sampleJob } from "@/test/samples";
import { RetryButton } from "./JobButtons";
import { useJobs } from "./useJobs";

afterEach(() => {
  queryClient.clear();
  vi.unstubAllGlobals();
});

const KAGGLE = {
  name: "kaggle",
  label: "Kaggle",
  state: "anonymous",
  configured: false,
  own: false,
};

function failed(problem: Partial<JobView["problem"]>): JobView {
  const told = { code: "internal", detail: "It failed.", status: 500, ...problem };
  return sampleJob({ state: "failed", problem: told });
}

function show(job: JobView, sources: object[] = [KAGGLE]) {
  const server = answerRequests({
    "GET /api/jobs": () => json([job]),
    "GET /api/sources": () => json(sources),
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<Shown />);
}

function Shown() {
  const [job] = useJobs();
  return job ? <RetryButton job={job} size="md" /> : null;
}

const retry = () => screen.queryByRole("button", { name: "Retry Iris" });

test.each([
  ["what may pass", failed({ code: "network", retryable: true })],
  ["what an older server stored", failed({ code: "network" })],
  ["what was cancelled", sampleJob({ state: "cancelled" })],
])("%s can be retried", async (_case, job) => {
  show(job);
  await waitFor(() => expect(retry()).not.toBeNull());
});

test("what is not there is not asked for again", async () => {
  show(failed({ code: "not_found", retryable: false }));
  await waitFor(() => expect(queryClient.isFetching()).toBe(0));
  expect(retry()).toBeNull();
});

test("terms are read first, then Retry is there", async () => {
  show(failed({ code: "gated", retryable: false, link: "https://hub.example/d/iris" }));
  const page = await screen.findByRole("link", { name: /Licence page: Iris/ });
  expect(page).toHaveAttribute("href", "https://hub.example/d/iris");
  expect(retry()).toBeNull();
  page.addEventListener("click", (event) => event.preventDefault());
  await userEvent.click(page);
  await waitFor(() => expect(retry()).not.toBeNull());
});

const WANTS_KEY = failed({
  code: "source_not_configured",
  retryable: false,
  screen: "/settings/sources#kaggle",
});

test("a missing key leads to its form, and back here", async () => {
  show(WANTS_KEY);
  const form = await screen.findByRole("link", { name: "Add key for Kaggle: Iris" });
  expect(form).toHaveAttribute("href", "/settings/sources?next=%2F#kaggle");
  expect(retry()).toBeNull();
});

test("once the key is there it can be retried, in a later session too", async () => {
  show(WANTS_KEY, [{ ...KAGGLE, state: "connected", configured: true, own: true }]);
  await waitFor(() => expect(retry()).not.toBeNull());
});

test("a link that is no web address is no button", async () => {
  show(failed({ code: "forbidden", retryable: false, link: "javascript:alert(1)" }));
  await waitFor(() => expect(queryClient.isFetching()).toBe(0));
  expect(screen.queryByRole("link")).toBeNull();
});
