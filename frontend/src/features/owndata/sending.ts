import { useSyncExternalStore } from "react";
import { connection } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { Problem } from "@/api/types";
import { announce } from "@/ui/announcer";
import type { GivenFile } from "./folder";
import {
  type AdditionRequest,
  type AdditionView,
  type DownloadTicket,
  type FailedFile,
  sendFolder,
} from "./sendFolder";

export const ADDITIONS_KEY = ["additions"];

export type Wanted = Omit<AdditionRequest, "file_count" | "size">;

export interface SendingState {
  phase: "idle" | "sending" | "waiting" | "paused" | "failed" | "sent";
  title: string;
  sent: number;
  total: number;
  now: readonly string[];
  failed: readonly FailedFile[];
  problem?: Problem;
  addition?: AdditionView;
  ticket?: DownloadTicket;
}

const IDLE: SendingState = { phase: "idle", title: "", sent: 0, total: 0, now: [], failed: [] };
const LONGEST_PAUSE_MS = 15_000;

/** One folder on its way up. It goes on while other screens are looked at. */
class Sending {
  private state = IDLE;
  private readonly listeners = new Set<() => void>();
  private abort = new AbortController();
  private given: { wanted: Wanted; files: readonly GivenFile[] } | undefined;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = () => this.state;

  start(wanted: Wanted, files: readonly GivenFile[], title: string): void {
    this.given = { wanted, files };
    const total = files.reduce((sum, { file }) => sum + file.size, 0);
    this.state = { ...IDLE, title, total };
    void this.run();
  }

  pause(): void {
    this.abort.abort();
    this.change({ phase: "paused", now: [] });
  }

  /** Goes on after a pause, and tries again what failed. */
  goOn(): void {
    if (this.given) void this.run();
  }

  forget(): void {
    this.abort.abort();
    this.given = undefined;
    this.change(IDLE);
  }

  private async run(): Promise<void> {
    if (!this.given) return;
    const { wanted, files } = this.given;
    const abort = new AbortController();
    this.abort = abort;
    const change = (changes: Partial<SendingState>) => {
      if (this.abort === abort && !abort.signal.aborted) this.change(changes);
    };
    change({ phase: "sending", failed: [], problem: undefined });
    window.addEventListener("beforeunload", warn);
    try {
      const outcome = await sendFolder(
        wanted,
        files,
        {
          signal: abort.signal,
          onProgress: (sent, now) => change({ sent, now }),
          onWaiting: (waiting) => change({ phase: waiting ? "waiting" : "sending" }),
          pause: (attempt) => paused(attempt, abort.signal),
        },
        (addition) => change({ addition }),
      );
      if ("failed" in outcome) change({ phase: "failed", failed: outcome.failed });
      else {
        change({ phase: "sent", ticket: outcome.ticket, sent: this.state.total });
        announce(`${this.state.title} has arrived`);
      }
    } catch (error) {
      change({ phase: "failed", problem: asProblem(error) });
    } finally {
      window.removeEventListener("beforeunload", warn);
      void queryClient.invalidateQueries({ queryKey: ADDITIONS_KEY });
    }
  }

  private change(changes: Partial<SendingState>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.listeners) listener();
  }
}

export const sending = new Sending();

export function useSending(): SendingState {
  return useSyncExternalStore(sending.subscribe, sending.current);
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Until the server answers again, or a while has passed. */
async function paused(attempt: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, Math.min(1000 * 2 ** attempt, LONGEST_PAUSE_MS));
    window.addEventListener("online", () => resolve(), { once: true });
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await connection.check();
}
