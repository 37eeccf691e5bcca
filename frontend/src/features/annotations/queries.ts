import { queryOptions } from "@tanstack/react-query";
import { answerOf, api, sendAsMe } from "@/api/client";
import type { UploadCategory } from "@/api/types";
import { saveAs } from "@/ui/saveAs";
import type { Draft, Remote } from "./sheet";

/** An image that is annotated: of a dataset by split and number, or a frame of an upload. */
export type AnnotatedImage =
  | { of: "dataset"; key: string; revision?: string; split: string; image: number }
  | { of: "upload"; category: UploadCategory; id: string; frame: number };

export type ExportFormat = "coco" | "yolo" | "kitti";
export const FORMATS: { name: ExportFormat; label: string }[] = [
  { name: "coco", label: "COCO" },
  { name: "yolo", label: "YOLO" },
  { name: "kitti", label: "KITTI" },
];

/** More than one person may give to an image, times a few people. */
const MOST = 1000;
const DATASET = "/api/datasets/{key}/annotations";
const UPLOAD = "/api/uploads/{category}/{upload_id}/annotations";

/** A word for an image that no other has. */
export function nameOf(image: AnnotatedImage): string {
  return image.of === "dataset"
    ? `${image.key} ${image.revision ?? ""} ${image.split} ${image.image}`
    : `${image.category} ${image.id} ${image.frame}`;
}

/** What everybody has drawn on an image. */
export function listOf(image: AnnotatedImage, signal?: AbortSignal) {
  if (image.of === "upload") {
    const { category, id, frame } = image;
    const params = { path: { category, upload_id: id }, query: { frame } };
    return answerOf(api.GET(UPLOAD, { signal, params }));
  }
  const { key, revision, split, image: number } = image;
  const query = { revision, split, image: number, limit: MOST };
  return answerOf(api.GET(DATASET, { signal, params: { path: { key }, query } }));
}

/** Who has annotated a dataset, without what. */
export function annotatorsQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "annotators", key, revision],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET(DATASET, { signal, params: { path: { key }, query: { revision, limit: 1 } } }),
      ),
  });
}

export interface Pair {
  a: string;
  b: string;
  iou: number;
}

export function agreementQuery(key: string, revision: string | undefined, { a, b, iou }: Pair) {
  return queryOptions({
    queryKey: ["library", "agreement", key, revision, a, b, iou],
    queryFn: ({ signal }) => {
      const params = { path: { key }, query: { revision, a, b, iou } };
      return answerOf(api.GET(`${DATASET}/agreement`, { signal, params }));
    },
    enabled: a !== "" && b !== "" && a !== b,
  });
}

/** Where an image's annotations are kept. */
export function remoteOf(image: AnnotatedImage): Remote {
  return image.of === "dataset" ? datasetRemote(image) : uploadRemote(image);
}

function datasetRemote(place: Extract<AnnotatedImage, { of: "dataset" }>): Remote {
  const { key, revision, split, image } = place;
  const one = `${DATASET}/{annotation_id}` as const;
  return {
    create: ({ id, kind, label, box }) =>
      answerOf(
        api.POST(DATASET, {
          params: { path: { key }, query: { revision } },
          body: { id, kind, label, box, split, image },
        }),
      ),
    change: ({ id, label, box }, version) =>
      answerOf(
        api.PUT(one, {
          params: { path: { key, annotation_id: id }, query: { revision } },
          body: { version, label, box },
        }),
      ),
    remove: async (id, version) => {
      const params = { path: { key, annotation_id: id }, query: { revision, version } };
      await answerOf(api.DELETE(one, { params }));
    },
  };
}

function uploadRemote({
  category,
  id: upload_id,
  frame,
}: Extract<AnnotatedImage, { of: "upload" }>): Remote {
  const path = { category, upload_id };
  const one = `${UPLOAD}/{annotation_id}` as const;
  return {
    create: ({ id, kind, label, box, finding }: Draft) =>
      answerOf(
        api.POST(UPLOAD, {
          params: { path },
          body: { id, kind, label, box, frame, finding: finding ?? null },
        }),
      ),
    change: ({ id, label, box }, version) =>
      answerOf(
        api.PUT(one, {
          params: { path: { ...path, annotation_id: id } },
          body: { version, label, box },
        }),
      ),
    remove: async (id, version) => {
      const params = { path: { ...path, annotation_id: id }, query: { version } };
      await answerOf(api.DELETE(one, { params }));
    },
  };
}

/** Save an export as a file. Throws a `ProblemError`. */
export async function saveExport(
  image: AnnotatedImage | { of: "dataset"; key: string; revision?: string },
  format: ExportFormat,
  author?: string,
): Promise<void> {
  const query = new URLSearchParams({ format });
  if (author) query.set("author", author);
  if (image.of === "dataset" && image.revision) query.set("revision", image.revision);
  const path =
    image.of === "dataset"
      ? `/api/datasets/${encodeURIComponent(image.key)}`
      : `/api/uploads/${image.category}/${encodeURIComponent(image.id)}`;
  const answer = await sendAsMe(`${path}/annotations/export?${query}`);
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  saveAs(await answer.blob(), name ?? `annotations-${format}.zip`);
}
