import type { QueryClient } from "@tanstack/react-query";
import { answerOf, api } from "./client";
import type { JobState, JobView } from "./types";

export const JOBS_KEY = ["jobs"] as const;

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
 * brings the newest state; an answer to a request that was sent before it came is older and yields.
 */
export class JobStore {
  readonly #receivedAt = new Map<string, number>();
  #clock = 0;
  readonly #client: QueryClient;
  readonly #onTransition: Transition;

  constructor(client: QueryClient, onTransition: Transition) {
    this.#client = client;
    this.#onTransition = onTransition;
  }

  /** Called with each job that the socket brings. */
  received(job: JobView): void {
    this.#receivedAt.set(job.id, ++this.#clock);
    if (this.#put(job) || job.active) return;
    // An ended job that comes again: what it brought has changed, such as been deleted by somebody else.
    for (const kind of ["copy", "dataset"]) {
      void this.#client.invalidateQueries({ queryKey: ["library", kind, job.key] });
    }
  }

  /** Run a request whose answer is a job, and show it unless the socket has brought a newer state. */
  async answered(request: () => Promise<JobView>): Promise<JobView> {
    const sentAt = this.#clock;
    const job = await request();
    if (this.#isNewest(job, sentAt)) this.#put(job);
    return job;
  }

  /** Every job of mine, from the API, with the newer states that the socket has brought meanwhile. */
  async fetch(): Promise<JobView[]> {
    const sentAt = this.#clock;
    const fetched = await answerOf(api.GET("/api/jobs"));
    const newer = this.#known().filter((job) => !this.#isNewest(job, sentAt));
    return newer.reduce(withJob, fetched);
  }

  #isNewest(job: JobView, sentAt: number): boolean {
    return (this.#receivedAt.get(job.id) ?? 0) <= sentAt;
  }

  #known(): JobView[] {
    return this.#client.getQueryData<JobView[]>(JOBS_KEY) ?? [];
  }

  /** Whether its state is a new one. */
  #put(job: JobView): boolean {
    const before = this.#known().find((known) => known.id === job.id)?.state;
    this.#client.setQueryData<JobView[]>(JOBS_KEY, (jobs = []) => withJob(jobs, job));
    if (before === job.state) return false;
    this.#onTransition(job, before);
    return true;
  }
}
