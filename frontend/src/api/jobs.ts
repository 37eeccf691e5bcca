import type { QueryClient } from "@tanstack/react-query";
import { answerOf, api } from "./client";
import type { JobState, JobView } from "./types";

export const JOBS_KEY = ["jobs"] as const;

const ACTIVE: ReadonlySet<JobState> = new Set([
  "queued",
  "running",
  "verifying",
  "waiting",
  "paused",
]);

export function isActive(job: JobView): boolean {
  return ACTIVE.has(job.state);
}

/** `jobs` with `job` in it, newest first. */
export function withJob(jobs: readonly JobView[], job: JobView): JobView[] {
  const at = jobs.findIndex((known) => known.id === job.id);
  if (at >= 0) return jobs.with(at, job);
  const older = jobs.findIndex((known) => known.created_at < job.created_at);
  return jobs.toSpliced(older < 0 ? jobs.length : older, 0, job);
}

export type Transition = (job: JobView, before: JobState | undefined) => void;

/**
 * The person's jobs in the Query cache, so that card, tray and screen share one state. The socket
 * tells the newest; an answer to a request that was asked before it was told is older and yields.
 */
export class JobStore {
  readonly #told = new Map<string, number>();
  #clock = 0;
  readonly #client: QueryClient;
  readonly #onTransition: Transition;

  constructor(client: QueryClient, onTransition: Transition) {
    this.#client = client;
    this.#onTransition = onTransition;
  }

  /** The socket told of a job. */
  told(job: JobView): void {
    this.#told.set(job.id, ++this.#clock);
    this.#put(job);
  }

  /** Run a request whose answer is a job, and show it unless the socket has told newer. */
  async answered(request: () => Promise<JobView>): Promise<JobView> {
    const asked = this.#clock;
    const job = await request();
    if (this.#isNews(job, asked)) this.#put(job);
    return job;
  }

  /** Every job of mine, from the API, under what the socket has told meanwhile. */
  async fetch(): Promise<JobView[]> {
    const asked = this.#clock;
    const fetched = await answerOf(api.GET("/api/jobs"));
    const told = this.#known().filter((job) => !this.#isNews(job, asked));
    return told.reduce(withJob, fetched);
  }

  #isNews(job: JobView, asked: number): boolean {
    return (this.#told.get(job.id) ?? 0) <= asked;
  }

  #known(): JobView[] {
    return this.#client.getQueryData<JobView[]>(JOBS_KEY) ?? [];
  }

  #put(job: JobView): void {
    const before = this.#known().find((known) => known.id === job.id)?.state;
    this.#client.setQueryData<JobView[]>(JOBS_KEY, (jobs = []) => withJob(jobs, job));
    if (before !== job.state) this.#onTransition(job, before);
  }
}
