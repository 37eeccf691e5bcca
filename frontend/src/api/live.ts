import { onlineManager, type Query, QueryClient } from "@tanstack/react-query";
import { API_BASE, answerOf, api, connection } from "./client";
import { JOBS_KEY, JobStore, type Transition } from "./jobs";
import { isTransient, waitNamed } from "./problem";
import { JobSocket } from "./socket";
import type { JobView } from "./types";

/**
 * What was fetched is kept and reused; a fault that may pass is tried again twice, and for as long as it is
 * shown where the server says when: its database is locked or full.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && isTransient(error),
      refetchInterval: ({ state }) => waitNamed(state.error),
      refetchOnWindowFocus: false,
    },
    // What somebody did just now fails now, rather than being done whenever the server is back.
    mutations: { networkMode: "always" },
  },
});

// What the page reads waits while the server is away. Whether this machine has a network does not
// matter: the server may run on it.
onlineManager.setEventListener((setOnline) => connection.watch(() => setOnline(connection.isUp())));

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
  return () => {
    unwatch();
    unfollow();
  };
}

/** Keep an eye on the server: when it is back, so are the session, the socket and what is shown. */
export function followConnection(): () => void {
  const check = () => void connection.check();
  const checkWhenAway = () => connection.isUp() || check();
  const stops = [
    connection.watch(() => {
      if (!connection.isUp()) return;
      jobSocket.reconnectNow();
      void queryClient.invalidateQueries({ predicate: isStale });
    }),
    jobSocket.watch(() => {
      if (jobSocket.status() === "reconnecting") check();
    }),
    listen("online", check),
    listen("offline", check),
    listen("focus", checkWhenAway),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function listen(event: "online" | "offline" | "focus", listener: () => void): () => void {
  window.addEventListener(event, listener);
  return () => window.removeEventListener(event, listener);
}

/** What may have changed, or could not be read, while the server was away. Jobs come by the socket. */
function isStale({ queryKey, state }: Query): boolean {
  const followed = queryKey[0] === JOBS_KEY[0] || queryKey[0] === "chat";
  return !followed || state.status === "error";
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
