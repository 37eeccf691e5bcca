import { type Query, QueryClient } from "@tanstack/react-query";
import { API_BASE, answerOf, api } from "./client";
import { JOBS_KEY, JobStore, type Transition } from "./jobs";
import { isTransient } from "./problem";
import { JobSocket } from "./socket";
import type { JobView } from "./types";

/** What was fetched is kept and reused; a fault that may pass is tried again twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && isTransient(error),
      refetchOnWindowFocus: false,
    },
  },
});

const transitions = new Set<Transition>();

/** Hear of every change of a job's state; `before` is undefined for a job that was not known. */
export function onTransition(listener: Transition): () => void {
  transitions.add(listener);
  return () => transitions.delete(listener);
}

const watchers = new Set<(job: JobView) => void>();

/** Hear of every job that the socket brings, with each step of its progress. */
export function onJob(listener: (job: JobView) => void): () => void {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

export const jobStore = new JobStore(queryClient, (job, before) => {
  for (const listener of transitions) listener(job, before);
});

export const jobSocket = new JobSocket({
  address: `${API_BASE.replace(/^http/, "ws")}/api/ws`,
  ticket: async () => (await answerOf(api.POST("/api/auth/ws-ticket"))).ticket,
});

/** Keep the cache up to date with every job of a person until the returned function is called. */
export function followJobs(userId: string): () => void {
  void queryClient.prefetchQuery({ queryKey: JOBS_KEY, queryFn: () => jobStore.fetch() });
  const unfollow = jobSocket.follow(`user:${userId}`, (job) => {
    jobStore.received(job);
    for (const watcher of watchers) watcher(job);
  });
  const unwatch = onReturn(() => {
    void queryClient.invalidateQueries({ predicate: isStale });
    // The socket's snapshot has the latest ones only, and more may have ended meanwhile.
    void queryClient.refetchQueries({ queryKey: JOBS_KEY, exact: true });
  });
  const reconnect = () => jobSocket.reconnectNow();
  window.addEventListener("online", reconnect);
  return () => {
    window.removeEventListener("online", reconnect);
    unwatch();
    unfollow();
  };
}

/** What may have changed, or could not be read, while the server was away. Jobs come by the socket. */
function isStale({ queryKey }: Query): boolean {
  return queryKey[0] !== JOBS_KEY[0] && queryKey[0] !== "chat";
}

/** Hear when live updates come again after a pause. */
function onReturn(listener: () => void): () => void {
  let before = jobSocket.status();
  return jobSocket.watch(() => {
    const now = jobSocket.status();
    if (before === "reconnecting" && now === "open") listener();
    before = now;
  });
}
