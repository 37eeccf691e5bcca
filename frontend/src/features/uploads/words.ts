import type { UploadCategory, UploadEvent, UploadView } from "@/api/types";

export const CATEGORIES: Record<UploadCategory, { label: string; about: string }> = {
  medical: {
    label: "Medical",
    about: "DICOM files and other medical images. Personal fields can be removed on the way in.",
  },
  xray: {
    label: "X-ray",
    about: "Chest X-rays. Whether a picture looks like one is said, and decides nothing.",
  },
  traffic: {
    label: "Traffic",
    about:
      "Street scenes. Where they were taken is shown to you, and left out of what is exported.",
  },
};

/** They need a consent, and every access is written down. */
export function isMedical(category: UploadCategory): boolean {
  return category !== "traffic";
}

const ACTIONS: Record<UploadEvent["action"], string> = {
  received: "Uploaded",
  refused: "Refused",
  viewed: "Opened",
  downloaded: "Downloaded",
  exported: "Exported",
  deidentified: "De-identified",
  masked: "Masked, or looked at",
  deleted: "Deleted",
  expired: "Removed after its time",
};

export function eventWords({ action, by }: UploadEvent): string {
  const who = { owner: "by you", other: "by somebody else", server: "by the server" }[by];
  return `${ACTIONS[action]} ${who}`;
}

/** What a picture is called beside its name. */
export function formatWords({ mime_type, width, height, details }: UploadView): string {
  const format = mime_type.replace(/^(application|image)\//, "").toUpperCase();
  const frames = details.frames > 1 ? ` · ${details.frames} frames` : "";
  return `${format} · ${width} × ${height}${frames}`;
}
