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

/** `fetched` in place of what was known of the same jobs, but for those of which `isNewer` state is known. */
function merged(
  known: readonly JobView[],
  fetched: readonly JobView[],
  isNewer: (job: JobView) => boolean,
): JobView[] {
  const byId = new Map(known.map((job) => [job.id, job]));
  for (const job of fetched) {
    const before = byId.get(job.id);
    if (!before || !isNewer(before)) byId.set(job.id, job);
  }
  return [...byId.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

/** What the first screen asks for; the list of downloads then asks for the older ones. */
export const FIRST_PAGE = 200;
const OLDER_PAGE = 500;
/** What a page holds of a person's history. */
export const MOST_JOBS = 5000;

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
    return this.#fetchPage(FIRST_PAGE, 0).then(({ jobs }) => jobs);
  }

  /** The jobs that `fetch` left out, page by page. Returns how many of them there are. */
  async fetchOlder(): Promise<number> {
    let count = 0;
    for (let offset = FIRST_PAGE; offset < MOST_JOBS; offset += OLDER_PAGE) {
      const { jobs, found } = await this.#fetchPage(OLDER_PAGE, offset);
      this.#client.setQueryData<JobView[]>(JOBS_KEY, jobs);
      count += found;
      if (found < OLDER_PAGE) break;
    }
    return count;
  }

  /** Run a request whose answer are jobs, and show those of which no newer state has come. */
  async answeredSeveral(request: () => Promise<JobView[]>): Promise<JobView[]> {
    const sentAt = this.#clock;
    const answer = await request();
    const isNewer = (job: JobView) => !this.#isNewest(job, sentAt);
    this.#client.setQueryData<JobView[]>(JOBS_KEY, (known = []) => merged(known, answer, isNewer));
    return answer;
  }

  async #fetchPage(limit: number, offset: number): Promise<{ jobs: JobView[]; found: number }> {
    const sentAt = this.#clock;
    const fetched = await answerOf(api.GET("/api/jobs", { params: { query: { limit, offset } } }));
    const isNewer = (job: JobView) => !this.#isNewest(job, sentAt);
    return { jobs: merged(this.#known(), fetched, isNewer), found: fetched.length };
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
