import { act, screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { JOBS_KEY } from "@/api/jobs";
import { jobStore, queryClient } from "@/api/live";
import type { JobView } from "@/api/types";
import { answerRequests, json, problem, renderOnPage } from "@/test/render";
import { sampleCard, sampleJob } from "@/test/samples";
import { DatasetCard } from "./DatasetCard";

const card = sampleCard();
const ticket = { success: true, job_id: "job_1", status: "queued", ref: card.ref, key: card.key };

beforeEach(() => {
  queryClient.setQueryData(JOBS_KEY, []);
});

/** As the socket brings it. */
function receive(fields: Partial<JobView>) {
  act(() => jobStore.received(sampleJob(fields)));
}

test("a count that the source broke off is told as one", async () => {
  renderOnPage(<DatasetCard card={sampleCard({ file_count: 100_000, more_files: true })} />);
  expect(await screen.findByText(/more than 100,000 files · csv/)).toBeVisible();
});

test("downloads are counted once, in one spelling, beside the other reasons", async () => {
  const why = "title matches · 1.2k downloads · no task stated";
  const { container } = renderOnPage(<DatasetCard card={sampleCard({ why })} />);
  expect(await screen.findByText(/1\.2K downloads/)).toBeVisible();
  expect(screen.getByText(/title matches · no task stated/)).toBeVisible();
  expect(container.textContent?.match(/downloads/g)).toHaveLength(1);
});

test("nothing stands below a card that has nothing to say", async () => {
  renderOnPage(<DatasetCard card={sampleCard({ description: "", why: null })} />);
  await screen.findByRole("heading", { name: "Iris" });
  expect(screen.queryByTestId("card-footer")).toBeNull();
});

test("Enter opens a card that is here, and unfolds one that is not", async () => {
  const server = answerRequests({
    "GET /api/datasets/kaggle%3Auciml~iris": () => json({ downloaded: true }),
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<DatasetCard card={card} />);
  const item = await screen.findByTestId("dataset-card");
  item.focus();
  await userEvent.keyboard("{Enter}");
  expect(screen.getByRole("button", { name: "Less about Iris" })).toBeVisible();
  receive({ state: "succeeded" });
  await screen.findByRole("link", { name: "Open Iris" });
  item.focus();
  await userEvent.keyboard("{Enter}");
  expect(await screen.findByText("elsewhere")).toBeVisible();
});

test("Download becomes progress with Cancel, then Open with the path", async () => {
  const server = answerRequests({
    "POST /api/datasets/download/kaggle": () => json(ticket, 202),
    "GET /api/jobs/job_1": () => json(sampleJob({ state: "queued" })),
    "GET /api/datasets/kaggle%3Auciml~iris": () =>
      json({ local_path: "/store/kaggle/uciml/iris/1", snippet: "load('iris')" }),
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<DatasetCard card={card} />);
  await userEvent.click(await screen.findByRole("button", { name: "Download Iris" }));
  expect(await screen.findByRole("button", { name: "Cancel Iris" })).toBeVisible();
  expect(server.calls.find((call) => call.method === "POST")).toMatchObject({
    path: card.download_endpoint,
    body: JSON.stringify({ dataset_id: card.id, download_path: null }),
  });

  receive({ progress: { phase: "fetching", bytes_done: 50, bytes_total: 100, files_done: 0 } });
  const bar = screen.getByRole("progressbar", { name: "Download of Iris" });
  await waitFor(() => expect(bar).toHaveAttribute("aria-valuenow", "50"));
  receive({ state: "verifying" });
  expect(await screen.findByText("Verifying checksum…")).toBeVisible();

  receive({ state: "succeeded", file_path: "/store/kaggle/uciml/iris/1" });
  expect(await screen.findByRole("link", { name: "Open Iris" })).toBeVisible();
  expect(screen.getByTitle("/store/kaggle/uciml/iris/1")).toHaveTextContent(
    "/store/kaggle/uciml/iris/1",
  );
  await userEvent.click(await screen.findByRole("button", { name: "Code" }));
  expect(screen.getByText("load('iris')")).toBeVisible();
});

test("the focus stays on the button while it changes", async () => {
  receive({ state: "running" });
  renderOnPage(<DatasetCard card={card} />);
  (await screen.findByRole("button", { name: "Cancel Iris" })).focus();
  receive({ state: "failed" });
  await waitFor(() => expect(screen.getByRole("button", { name: "Retry Iris" })).toHaveFocus());
  receive({ state: "succeeded" });
  await waitFor(() => expect(screen.getByRole("link", { name: "Open Iris" })).toHaveFocus());
});

test("Cancel asks the server, and Retry follows", async () => {
  const server = answerRequests({
    "POST /api/jobs/job_1/cancel": () => json(sampleJob({ state: "cancelled" })),
    "POST /api/jobs/job_1/retry": () => json(sampleJob({ state: "queued", attempt: 2 })),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "running" });
  renderOnPage(<DatasetCard card={card} />);
  await userEvent.click(await screen.findByRole("button", { name: "Cancel Iris" }));
  await userEvent.click(await screen.findByRole("button", { name: "Retry Iris" }));
  expect(await screen.findByText("Queued")).toBeVisible();
});

test("a paused download's one button resumes it, and keeps the focus", async () => {
  const server = answerRequests({
    "POST /api/jobs/job_1/resume": () => json(sampleJob({ state: "queued" })),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "paused" });
  renderOnPage(<DatasetCard card={card} />);
  await userEvent.click(await screen.findByRole("button", { name: "Resume Iris" }));
  expect(await screen.findByText("Queued")).toBeVisible();
  await waitFor(() => expect(screen.getByRole("button", { name: "Cancel Iris" })).toHaveFocus());
});

test.each([
  [60e9, "Needs 4.0 GB, 60.0 GB free", null],
  [4.5e9, "Needs 5.0 GB, 4.5 GB free", "needs 5.0 GB, 4.5 GB free"],
])(
  "what it needs of the disk is said before the start: %d free",
  async (free_bytes, title, warning) => {
    const storage = {
      path: "/store",
      free_bytes,
      total_bytes: 1e12,
      dataset_bytes: 0,
      reserve_bytes: 1e9,
    };
    vi.stubGlobal("fetch", answerRequests({ "GET /api/storage": () => json(storage) }).fetch);
    renderOnPage(<DatasetCard card={sampleCard({ size_bytes: 4e9 })} />);
    const button = await screen.findByRole("button", { name: "Download Iris" });
    await waitFor(() => expect(button).toHaveAccessibleDescription(title));
    expect(screen.queryByText(/^needs/)?.textContent ?? null).toBe(warning);
  },
);

test("where it is here already, no disk space is asked for", async () => {
  const storage = {
    path: "/store",
    free_bytes: 1,
    total_bytes: 1e12,
    dataset_bytes: 0,
    reserve_bytes: 1e9,
  };
  const answers = {
    "GET /api/storage": () => json(storage),
    "GET /api/datasets/kaggle%3Auciml~iris": () => json({ downloaded: true }),
  };
  vi.stubGlobal("fetch", answerRequests(answers).fetch);
  renderOnPage(<DatasetCard card={sampleCard({ local_status: "downloaded" })} />);
  await screen.findByRole("link", { name: "Open Iris" });
  await waitFor(() => expect(queryClient.getQueryData(["storage"])).toEqual(storage));
  expect(screen.queryByText(/^needs/)).toBeNull();
});

test.each([
  ["publisher", "Downloaded and verified"],
  ["transport", "Downloaded, verified in transport (CRC)"],
  ["recorded", "Downloaded, recorded at first use"],
])("a copy here shows who vouches for its checksum: %s", async (grade, words) => {
  const server = answerRequests({
    "GET /api/datasets/kaggle%3Auciml~iris": () => json({ local_path: "/d", grade }),
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<DatasetCard card={sampleCard({ local_status: "downloaded" })} />);
  expect(await screen.findByText(words)).toBeVisible();
});

/** https://github.com/lbryio/lbry-sdk/issues/864: Open was still offered for what had been removed. */
test.each([
  ["its row says so", () => json({ downloaded: false })],
  ["there is nothing of that name", () => problem(404, "not_found", "Not here.")],
])("what somebody else deleted is offered for download again: %s", async (_what, gone) => {
  let deleted = false;
  const server = answerRequests({
    "GET /api/datasets/kaggle%3Auciml~iris": () =>
      deleted ? gone() : json({ downloaded: true, local_path: "/d" }),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "succeeded", file_path: "/d" });
  renderOnPage(<DatasetCard card={sampleCard({ local_status: "downloaded" })} />);
  expect(await screen.findByRole("link", { name: "Open Iris" })).toBeVisible();
  expect(await screen.findByTitle("/d")).toBeVisible();
  // The server sends the job that brought it once more.
  deleted = true;
  receive({ state: "succeeded", file_path: "/d" });
  expect(await screen.findByRole("button", { name: "Download Iris" })).toBeVisible();
  // A later job's copy is looked up anew.
  deleted = false;
  receive({ id: "job_2", state: "succeeded", created_at: "2026-11-21T10:00:00Z" });
  expect(await screen.findByRole("link", { name: "Open Iris" })).toBeVisible();
});

test("a gated dataset leads to its terms, then to another try", async () => {
  let accepted = false;
  const server = answerRequests({
    "POST /api/datasets/download/kaggle": () =>
      accepted
        ? json(ticket, 202)
        : problem(403, "gated", "The terms are not accepted.", {
            next_step: "Accept them, then try again.",
            link: "https://example.org/terms",
          }),
    "GET /api/jobs/job_1": () => json(sampleJob({ state: "queued" })),
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<DatasetCard card={sampleCard({ gated: true })} />);
  await userEvent.click(await screen.findByRole("button", { name: "Download Iris" }));
  const terms = await screen.findByRole("link", { name: /Open the licence page/ });
  expect(terms).toHaveAttribute("href", "https://example.org/terms");
  expect(terms).toHaveAttribute("rel", expect.stringContaining("noopener"));
  expect(screen.getByText("The terms are not accepted.")).toBeVisible();
  accepted = true;
  await userEvent.click(screen.getByRole("button", { name: "Retry Iris" }));
  expect(await screen.findByText("Queued")).toBeVisible();
});

test("a failure shows its reason and the next step", async () => {
  receive({
    state: "failed",
    problem: { code: "x", detail: "The bytes are wrong.", next_step: "Try later.", status: 502 },
  });
  renderOnPage(<DatasetCard card={card} />);
  expect(await screen.findByText("The bytes are wrong.")).toBeVisible();
  expect(screen.getByText("Try later.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Retry Iris" })).toBeVisible();
});

test("HTML in a title, a description or an id is text", async () => {
  const title = "<img src=x onerror=alert(1)><b>Bold</b>";
  const description = "<script>alert(1)</script>";
  const { container } = renderOnPage(<DatasetCard card={sampleCard({ title, description })} />);
  expect(await screen.findByRole("heading", { name: title })).toHaveTextContent(title);
  expect(screen.getByText(description)).toBeVisible();
  expect(container.querySelector("img, b, script")).toBeNull();
});

test("a URL that is not http is not a link", async () => {
  renderOnPage(<DatasetCard card={sampleCard({ url: "javascript:alert(1)" })} />);
  await screen.findByRole("heading", { name: "Iris" });
  expect(screen.queryByRole("link", { name: /at Kaggle/ })).toBeNull();
});
