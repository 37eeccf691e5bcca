import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type PrunePlan = Schemas["PrunePlan"];
export type CleanupView = Schemas["CleanupView"];
export type HistoryEntry = Schemas["HistoryEntryView"];
export type SharingView = Schemas["SharingView"];

/** What a prune is asked for. */
export interface PruneLimits {
  unused_days?: number;
  keep_bytes?: number;
}

/** The automatic clean-up, and what it would remove now. */
export const cleanupQuery = queryOptions({
  queryKey: ["library", "cleanup"],
  queryFn: () => answerOf(api.GET("/api/cleanup")),
  refetchOnWindowFocus: true,
});

/** What a prune would remove. */
export function prunePlanQuery(limits: PruneLimits) {
  return queryOptions({
    queryKey: ["library", "prune", limits],
    queryFn: () => answerOf(api.GET("/api/cleanup/plan", { params: { query: limits } })),
    staleTime: 0,
    placeholderData: keepPreviousData,
  });
}

export interface HistorySearch {
  q?: string;
  kind?: HistoryEntry["kind"];
}

/** What I downloaded, newest first. */
export function historyQuery(search: HistorySearch) {
  return infiniteQueryOptions({
    queryKey: ["history", search],
    queryFn: ({ pageParam: cursor }) =>
      answerOf(api.GET("/api/history", { params: { query: { ...search, cursor, limit: 50 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    // Jobs end while nobody looks at it.
    staleTime: 0,
  });
}

export function sharingQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "sharing", key, revision],
    queryFn: () =>
      answerOf(
        api.GET("/api/datasets/{key}/sharing", { params: { path: { key }, query: { revision } } }),
      ),
    staleTime: 0,
  });
}
