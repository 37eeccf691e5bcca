import { useEffect, useRef, useState } from "react";
import { connection } from "@/api/client";
import { newId } from "@/api/ids";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { Problem, UploadCategory, UploadView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { UPLOADS_KEY } from "./queries";
import { sendFile } from "./sendFile";

export interface QueuedFile {
  id: string;
  name: string;
  size: number;
  category: UploadCategory;
  sent: number;
  state: "queued" | "sending" | "waiting" | "checking" | "done" | "failed";
  problem?: Problem;
  upload?: UploadView;
}

const AT_ONCE = 2;
const LONGEST_PAUSE_MS = 15_000;

interface Job {
  file: File;
  deidentify: boolean;
  abort: AbortController;
}

/** Files on their way up, a few at a time; they go on by themselves when the line is back. */
export function useUploadQueue() {
  const [files, setFiles] = useState<readonly QueuedFile[]>([]);
  const jobs = useRef(new Map<string, Job>());
  const running = useRef(new Set<string>());

  function change(id: string, changes: Partial<QueuedFile>) {
    setFiles((all) => all.map((one) => (one.id === id ? { ...one, ...changes } : one)));
  }

  async function run(one: QueuedFile, { file, deidentify, abort }: Job) {
    change(one.id, { state: "sending" });
    try {
      const upload = await sendFile(one.category, file, {
        deidentify,
        signal: abort.signal,
        onProgress: (sent) =>
          change(one.id, { sent, state: sent >= file.size ? "checking" : "sending" }),
        onWaiting: (waiting) => change(one.id, { state: waiting ? "waiting" : "sending" }),
        pause: (attempt) => paused(attempt, abort.signal),
      });
      change(one.id, { state: "done", sent: file.size, upload });
      announce(`${file.name} is uploaded`);
      await queryClient.invalidateQueries({ queryKey: UPLOADS_KEY });
    } catch (error) {
      if (abort.signal.aborted) return;
      change(one.id, { state: "failed", problem: asProblem(error) });
      announce(`${file.name} was not taken`);
    } finally {
      jobs.current.delete(one.id);
      running.current.delete(one.id);
      setFiles((all) => [...all]);
    }
  }

  useEffect(() => {
    for (const one of files) {
      const job = jobs.current.get(one.id);
      if (one.state !== "queued" || !job || running.current.size >= AT_ONCE) continue;
      if (running.current.has(one.id)) continue;
      running.current.add(one.id);
      void run(one, job);
    }
  });

  return {
    files,
    add(given: readonly File[], category: UploadCategory, deidentify: boolean) {
      const added = given.map((file): QueuedFile => {
        const id = newId();
        jobs.current.set(id, { file, deidentify, abort: new AbortController() });
        return { id, name: file.name, size: file.size, category, sent: 0, state: "queued" };
      });
      setFiles((all) => [...all, ...added]);
    },
    remove(id: string) {
      jobs.current.get(id)?.abort.abort();
      jobs.current.delete(id);
      setFiles((all) => all.filter((one) => one.id !== id));
    },
    clear() {
      setFiles((all) => all.filter(({ state }) => state !== "done" && state !== "failed"));
    },
  };
}

/** Until the server answers again, or a while has passed. */
async function paused(attempt: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(1000 * 2 ** attempt, LONGEST_PAUSE_MS));
    const onOnline = () => resolve();
    window.addEventListener("online", onOnline, { once: true });
    signal.addEventListener("abort", () => resolve(), { once: true });
    void timer;
  });
  await connection.check();
}
