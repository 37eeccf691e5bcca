import type { DatasetCard, JobView } from "@/api/types";

/** A card and a job on it, with what a test cares about on top. */
export function sampleCard(fields: Partial<DatasetCard> = {}): DatasetCard {
  return {
    id: "uciml/iris",
    title: "Iris",
    source: "Kaggle",
    url: "https://example.org/iris",
    downloads: 1200,
    ref: "kaggle:uciml/iris",
    key: "kaggle:uciml~iris",
    source_name: "kaggle",
    source_label: "Kaggle",
    library_id: null,
    state: fields.local_status ?? "absent",
    path: null,
    download_endpoint: "/api/datasets/download/kaggle",
    description: "Three species of iris.",
    size_bytes: 4600,
    file_count: 2,
    more_files: false,
    license: "CC0-1.0",
    licence: {
      name: "CC0 1.0",
      spdx_id: "CC0-1.0",
      url: "https://creativecommons.org/publicdomain/zero/1.0/",
      short: "commercial use allowed",
      commercial: "allowed",
      stated: true,
    },
    gated: false,
    private: false,
    tags: [],
    formats: ["csv"],
    local_status: "absent",
    why: "title matches",
    copies: [],
    ...fields,
  };
}

export function sampleJob(fields: Partial<JobView> = {}): JobView {
  const state = fields.state ?? "running";
  return {
    id: "job_1",
    kind: "download",
    state,
    active: state !== "succeeded" && state !== "cancelled" && state !== "failed",
    ref: "kaggle:uciml/iris",
    key: "kaggle:uciml~iris",
    source: "kaggle",
    source_name: "kaggle",
    source_label: "Kaggle",
    title: "Iris",
    dataset_id: "ds_1",
    library_id: "ds_1",
    path: null,
    size_bytes: null,
    attempt: 1,
    priority: "normal",
    dismissed: false,
    created_at: "2026-11-20T10:00:00Z",
    ...fields,
    progress: { phase: "fetching", bytes_done: 0, files_done: 0, ...fields.progress },
  };
}
