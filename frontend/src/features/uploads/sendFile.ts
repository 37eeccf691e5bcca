import { sendAsMe } from "@/api/client";
import { isTransient, ProblemError } from "@/api/problem";
import type { PartialUpload, UploadCategory, UploadView } from "@/api/types";

/** Bytes that are sent at a time: a line that drops costs at most one of these. */
export const PIECE_BYTES = 4 * 1024 * 1024;
/** What the server takes of one file. */
export const MAX_BYTES = 50_000_000;

export interface SendOptions {
  /** DICOM files are kept without what names a person. */
  deidentify: boolean;
  signal: AbortSignal;
  onProgress: (sent: number) => void;
  /** Called while the line is down, and again once it is back. */
  onWaiting: (waiting: boolean) => void;
  /** Resolves when it is worth another attempt. */
  pause: (attempt: number) => Promise<void>;
}

/** Sends a file in pieces, and goes on after what has arrived when the line drops. Throws `ProblemError`. */
export async function sendFile(
  category: UploadCategory,
  file: File,
  options: SendOptions,
): Promise<UploadView> {
  const path = `/api/upload/${category}/partial`;
  const begun = await lasting(options, () =>
    request<PartialUpload>(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ filename: file.name, size: file.size }),
      signal: options.signal,
    }),
  );
  const address = `${path}/${begun.id}`;
  let offset = begun.offset;
  for (;;) {
    options.onProgress(offset);
    const answer = await lasting(options, async (attempt) => {
      if (attempt > 0) offset = await offsetOf(address, options.signal, offset);
      return putPiece(address, file, offset, options);
    });
    if ("sha256" in answer) return answer;
    offset = answer.offset;
  }
}

async function offsetOf(address: string, signal: AbortSignal, sent: number): Promise<number> {
  const known = await request<PartialUpload>(address, { signal });
  return known.offset ?? sent;
}

async function putPiece(
  address: string,
  file: File,
  offset: number,
  { deidentify, signal }: SendOptions,
): Promise<PartialUpload | UploadView> {
  const query = deidentify ? "?deidentify=true" : "";
  return request<PartialUpload | UploadView>(`${address}${query}`, {
    method: "PATCH",
    headers: {
      "Content-Type": "application/octet-stream",
      "Upload-Offset": String(offset),
    },
    body: file.slice(offset, offset + PIECE_BYTES),
    signal,
  });
}

/** What `act` brings; again and again while only the line, or where to go on, is in the way. */
async function lasting<T>(options: SendOptions, act: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const found = await act(attempt);
      options.onWaiting(false);
      return found;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!goesOn(error)) throw error;
      options.onWaiting(true);
      await options.pause(attempt);
      options.signal.throwIfAborted();
    }
  }
}

function goesOn(error: unknown): boolean {
  if (error instanceof ProblemError && error.problem.code === "wrong_offset") return true;
  if (error instanceof ProblemError && error.problem.code === "scan_failed") return false;
  return isTransient(error);
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  return (await sendAsMe(path, init)).json() as Promise<T>;
}
