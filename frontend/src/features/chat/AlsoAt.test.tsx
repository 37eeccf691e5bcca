import { act, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { JOBS_KEY } from "@/api/jobs";
import { jobStore, queryClient } from "@/api/live";
import { answerRequests, json, renderOnPage } from "@/test/render";
import { sampleCard, sampleJob } from "@/test/samples";
import { DatasetCard } from "./DatasetCard";

const { copies: _, ...elsewhere } = sampleCard({
  id: "someone/iris",
  ref: "huggingface:someone/iris",
  key: "huggingface:someone~iris",
  source: "HuggingFace",
  download_endpoint: "/api/datasets/download/huggingface",
  license: null,
  licence: {
    name: "no licence stated",
    spdx_id: null,
    url: null,
    short: "allows nothing that is known",
    commercial: "unknown",
    stated: false,
  },
  size_bytes: 1200,
  formats: ["parquet"],
});
const card = sampleCard({ copies: [{ ...elsewhere, why_same: "same counts · like names" }] });

beforeEach(() => {
  queryClient.setQueryData(JOBS_KEY, []);
});

test("a card says where else it is and how that differs, and fetches it from there by keys", async () => {
  const ticket = { success: true, job_id: "job_1", status: "queued", ref: elsewhere.ref };
  const job = sampleJob({ ref: elsewhere.ref, key: elsewhere.key, source: "huggingface" });
  const server = answerRequests({
    "POST /api/datasets/download/huggingface": () => json(ticket),
    "GET /api/jobs/job_1": () => json(job),
    "GET /api/datasets/huggingface%3Asomeone~iris": () => json({ downloaded: true }),
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<DatasetCard card={card} />);
  const line = await screen.findByRole("button", { name: /^Also at HuggingFace · someone\/iris/ });
  expect(line).toHaveTextContent("1.2 kB · no licence stated · parquet");
  expect(line).toHaveAttribute("aria-expanded", "false");

  line.focus();
  await userEvent.keyboard("{Enter}");
  expect(line).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByRole("list", { name: "Iris from other sources" })).toHaveTextContent(
    "same counts · like names",
  );
  screen.getByRole("button", { name: "Download Iris from HuggingFace" }).focus();
  await userEvent.keyboard("{Enter}");
  expect(await screen.findByRole("button", { name: /^Cancel/ })).toBeVisible();

  act(() => jobStore.received({ ...job, state: "succeeded", active: false }));
  expect(await screen.findByRole("link", { name: "Open Iris from HuggingFace" })).toBeVisible();
  expect(screen.getByRole("button", { name: /^Already here from HuggingFace/ })).toBeVisible();
  // The other source's is still offered.
  expect(screen.getByRole("button", { name: "Download Iris" })).toBeVisible();
});
