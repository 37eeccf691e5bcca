import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { Finding } from "@/api/types";

const ASK_AGAIN_MS = 1500;
/** Groups of a finding that are fetched at once. */
export const PAGE_GROUPS = 20;

export interface ReportPlace {
  key: string;
  revision?: string;
}

function again(state: string | undefined): number | false {
  return state === "computing" || state === "downloading" ? ASK_AGAIN_MS : false;
}

/** A dataset in figures. Asking for it starts what computes it. */
export function statisticsQuery({ key, revision }: ReportPlace) {
  return queryOptions({
    queryKey: ["library", "statistics", key, revision],
    queryFn: () => {
      const params = { path: { key }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/statistics", { params }));
    },
    refetchInterval: ({ state }) => again(state.data?.state),
  });
}

/** The figures that are kept, or that nobody has asked for them. It starts nothing. */
export function knownStatisticsQuery({ key, revision }: ReportPlace) {
  return queryOptions({
    queryKey: ["library", "statistics", key, revision, "known"],
    queryFn: () => {
      const params = { path: { key }, query: { revision, start: false } };
      return answerOf(api.GET("/api/datasets/{key}/statistics", { params }));
    },
    refetchInterval: ({ state }) => again(state.data?.state),
  });
}

/** What was found wrong with it. */
export function healthQuery({ key, revision }: ReportPlace) {
  return queryOptions({
    queryKey: ["library", "health", key, revision],
    queryFn: () => {
      const params = { path: { key }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/health", { params }));
    },
    refetchInterval: ({ state }) => again(state.data?.state),
  });
}

/** A page of a finding. */
export function findingQuery({ key, revision }: ReportPlace, kind: Finding["kind"], page: number) {
  return queryOptions({
    queryKey: ["library", "finding", key, revision, kind, page],
    queryFn: () => {
      const query = { revision, offset: page * PAGE_GROUPS, limit: PAGE_GROUPS };
      const params = { path: { key, kind }, query };
      return answerOf(api.GET("/api/datasets/{key}/health/{kind}", { params }));
    },
    placeholderData: keepPreviousData,
  });
}

/** Start it, also where it was cancelled, or look at all of it anew. */
export function compute({ key, revision }: ReportPlace, report: "statistics" | "health") {
  const params = { path: { key }, query: { revision } };
  return report === "health"
    ? answerOf(api.POST("/api/datasets/{key}/health", { params }))
    : answerOf(api.POST("/api/datasets/{key}/statistics", { params }));
}
