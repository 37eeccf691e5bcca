import { screen } from "@testing-library/preact";
import { expect, test, vi } from "vitest";
import type { UploadAnalysis, UploadView } from "@/api/types";
import { answerRequests, json, renderOnPage } from "@/test/render";
import AnalysisPanel from "./AnalysisPanel";

const upload = {
  id: "upload_1",
  category: "xray",
  original_filename: "chest.png",
  sha256: "ab",
  width: 800,
  height: 600,
} as UploadView;

const ready: UploadAnalysis = {
  upload_id: "upload_1",
  category: "xray",
  state: "ready",
  current: true,
  of: { sha256: "ab", made_at: "2026-11-30T12:00:00Z" },
  model: "none",
  models: [],
  findings: [],
  width: 800,
  height: 600,
  quality: [{ name: "sharpness", verdict: "good", says: "Sharp." }],
  nearest: {
    key: "builtin:chest_xray_pneumonia",
    title: "Chest X-Ray Images (Pneumonia)",
    state: "absent",
    reason: "Chest X-Ray Images (Pneumonia) is not here.",
    next_step: "Download it to compare.",
    compared: 0,
    samples: [],
  },
  notes: ["Pneumonia was not looked for: no model is set up."],
};

function show(told: UploadAnalysis) {
  const server = answerRequests({
    "GET /api/uploads/xray/upload_1/analysis": () => json(told),
    "GET /api/uploads/xray/upload_1/image": () => new Response(new Blob(["picture"])),
    "GET /api/analysis/models": () => json({ runtime: true, models: [], catalog: [] }),
    "GET /api/datasets": () => json({ datasets: [], total: 0 }),
    "GET /api/jobs": () => json([]),
  });
  vi.stubGlobal("fetch", server.fetch);
  return renderOnPage(<AnalysisPanel upload={upload} />);
}

test("without a model there is no score, and what is missing is said", async () => {
  show(ready);
  expect(await screen.findByText("None: there is no score.")).toBeVisible();
  expect(screen.getByText("Nothing: no model has looked at it.")).toBeVisible();
  expect(screen.getByText(/Pneumonia was not looked for/)).toBeVisible();
  expect(screen.getByText(/Download it to compare/)).toBeVisible();
  expect(screen.queryByText(/\d %/)).not.toBeInTheDocument();
});

test("that nothing was found is not said of a model that could not look", async () => {
  const failed = {
    slot: "folder" as const,
    file: "b.onnx",
    name: "b",
    scores: [],
    problem: "Broken.",
  };
  show({ ...ready, model: "a 1", models: [failed] });
  expect(
    await screen.findByText("Nothing was found by a 1. b could not look: see below."),
  ).toBeVisible();
});

test("a finding has the model's confidence, its name and its version", async () => {
  const by = { name: "chest-net", version: "1.2" };
  const finding = { id: "finding_1", kind: "label" as const, label: "PNEUMONIA", by };
  const run = { slot: "folder" as const, file: "chest.onnx", ...by, scores: [] };
  show({
    ...ready,
    model: "chest-net 1.2",
    models: [run],
    findings: [
      { ...finding, confidence: 0.873 },
      { ...finding, id: "finding_2", label: "person", confidence: null },
    ],
  });
  expect(await screen.findByText("87 %")).toBeVisible();
  expect(screen.getByText("chest-net, 1.2")).toBeVisible();
  expect(screen.getByText("chest-net, 1.2 · it gives no confidence")).toBeVisible();
});
