import { act, screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { JOBS_KEY } from "@/api/jobs";
import { jobStore, queryClient } from "@/api/live";
import type { JobView } from "@/api/types";
import { answerRequests, json, problem, renderOnPage } from "@/test/render";
import { sampleJob } from "@/test/samples";
import { JobRow } from "./JobRow";
import { useJobs } from "./useJobs";

const half = { phase: "fetching", bytes_done: 1.2e9, bytes_total: 4e9, files_done: 0 } as const;

beforeEach(() => {
  queryClient.setQueryData(JOBS_KEY, []);
});

/** As the socket brings it. */
function receive(fields: Partial<JobView>) {
  act(() => jobStore.received(sampleJob({ progress: half, ...fields })));
}

function Rows() {
  return (
    <ul>
      {useJobs().map((job) => (
        <JobRow key={job.id} job={job} />
      ))}
    </ul>
  );
}

test("a job is paused and goes on, by keys alone, and shows what it has kept", async () => {
  const server = answerRequests({
    "POST /api/jobs/job_1/pause": () => json(sampleJob({ state: "paused", progress: half })),
    "POST /api/jobs/job_1/resume": () => json(sampleJob({ state: "queued", progress: half })),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "running" });
  renderOnPage(<Rows />);
  (await screen.findByRole("button", { name: "Pause Iris" })).focus();
  await userEvent.keyboard("{Enter}");
  expect(await screen.findByText("Paused · 1.2 GB of 4.0 GB")).toBeVisible();
  expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "30");
  expect(screen.getByRole("button", { name: "Cancel Iris" })).toBeVisible();
  const resume = screen.getByRole("button", { name: "Resume Iris" });
  await waitFor(() => expect(resume).toHaveFocus());
  await userEvent.keyboard("{Enter}");
  expect(await screen.findByText("Queued · 1.2 GB of 4.0 GB")).toBeVisible();
  expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "30");
  await waitFor(() => expect(screen.getByRole("button", { name: "Pause Iris" })).toHaveFocus());
});

test("what runs comes to rest a moment after the answer; until then the button says so", async () => {
  const server = answerRequests({
    "POST /api/jobs/job_1/pause": () => json(sampleJob({ state: "running", progress: half })),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "running" });
  renderOnPage(<Rows />);
  const pause = await screen.findByRole("button", { name: "Pause Iris" });
  await userEvent.click(pause);
  await waitFor(() => expect(pause).toHaveAttribute("title", "Pausing…"));
  receive({ state: "paused" });
  await screen.findByRole("button", { name: "Resume Iris" });
  receive({ state: "running" });
  expect(await screen.findByRole("button", { name: "Pause Iris" })).toHaveAttribute(
    "title",
    "Pause",
  );
});

test("why it cannot be paused is said", async () => {
  const server = answerRequests({
    "POST /api/jobs/job_1/pause": () =>
      problem(409, "conflict", "The job is done already.", { next_step: "Open it." }),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "running" });
  renderOnPage(<Rows />);
  await userEvent.click(await screen.findByRole("button", { name: "Pause Iris" }));
  expect(await screen.findByText("The job is done already.")).toBeVisible();
  expect(screen.getByText("Open it.")).toBeVisible();
});

test.each(["waiting", "paused"] as const)(
  "%s of a size not known has no full bar",
  async (state) => {
    receive({ state, progress: { ...half, bytes_done: 5 } });
    renderOnPage(<Rows />);
    expect(await screen.findByRole("progressbar")).toHaveAttribute("aria-valuenow", "0");
  },
);

test("what a download ran into is shown while it goes on, and no longer", async () => {
  const note = "a.csv changed at its source; it is fetched anew.";
  receive({ state: "running", progress: { ...half, note } });
  renderOnPage(<Rows />);
  expect(await screen.findByText(note)).toBeVisible();
  receive({ state: "succeeded", progress: { ...half, note } });
  await waitFor(() => expect(screen.queryByText(note)).toBeNull());
});

test("what a person should know of the files is shown once they are here", async () => {
  const note = "a.zip was not unpacked and is here itself: it is protected by a password.";
  receive({ state: "succeeded", progress: { ...half, phase: "finishing", note } });
  renderOnPage(<Rows />);
  expect(await screen.findByText(note)).toBeVisible();
});

test.each(["succeeded", "failed", "cancelled"] as const)("what %s is not paused", async (state) => {
  receive({ state });
  renderOnPage(<Rows />);
  await screen.findByText("Iris");
  expect(screen.queryByRole("button", { name: /Pause|Resume/ })).toBeNull();
});

test("a failure is told in short, and cleared", async () => {
  const problem = {
    code: "network",
    detail: "The connection failed.",
    next_step: "Try again.",
    status: 502,
  };
  const failed = sampleJob({ state: "failed", problem });
  const server = answerRequests({
    "POST /api/jobs/dismiss": () => json([{ ...failed, dismissed: true }]),
  });
  vi.stubGlobal("fetch", server.fetch);
  receive({ state: "failed", problem });
  renderOnPage(<Rows />);
  expect(await screen.findByText("Try again.")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Clear Iris" }));
  expect(await screen.findByRole("button", { name: "Put back Iris" })).toBeVisible();
  expect(server.calls[0]?.body).toBe('{"job_ids":["job_1"],"dismissed":true}');
});

test("a deletion is not paused", async () => {
  receive({ state: "running", kind: "delete" });
  renderOnPage(<Rows />);
  await screen.findByText("Deleting…");
  expect(screen.queryByRole("button")).toBeNull();
});
