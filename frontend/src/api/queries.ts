import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "./client";
import { JOBS_KEY } from "./jobs";
import { jobStore } from "./live";
import type { JobView, LibraryQuery } from "./types";

const FOREVER = Number.POSITIVE_INFINITY;
const CHATS_PAGE = 100;
/** What the server gives of one cell at most. */
const MOST_CELL_CHARS = 1_000_000;
const ROWS_OF_A_PREVIEW = 100;
const FILES_AT_A_TIME = 200;

/** What the server says of itself before anybody signs in. */
export const appQuery = queryOptions({
  queryKey: ["app"],
  queryFn: () => answerOf(api.GET("/api/app")),
  staleTime: FOREVER,
});

/** My tokens for scripts. Whether they were used changes elsewhere. */
export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: () => answerOf(api.GET("/api/auth/tokens")),
  refetchOnWindowFocus: true,
});

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: () => answerOf(api.GET("/api/sources")),
});

/** The search index: what it has, and what is being done with it, which goes on by itself. */
export const indexQuery = queryOptions({
  queryKey: ["index"],
  queryFn: () => answerOf(api.GET("/api/index")),
  refetchInterval: ({ state }) => (state.data?.job?.active ? 1000 : false),
  refetchOnWindowFocus: true,
});

/** What it would cost; the server asks the hubs. */
export const indexCostsQuery = queryOptions({
  queryKey: ["index", "costs"],
  queryFn: () => answerOf(api.GET("/api/index", { params: { query: { costs: true } } })),
});

/** Which language model answers; admins are told more. */
export const modelQuery = queryOptions({
  queryKey: ["model"],
  queryFn: () => answerOf(api.GET("/api/model")),
});

export const storageQuery = queryOptions({
  queryKey: ["storage"],
  queryFn: () => answerOf(api.GET("/api/storage")),
});

export const speedLimitsQuery = queryOptions({
  queryKey: ["speed-limits"],
  queryFn: () => answerOf(api.GET("/api/transfer/limits")),
});

/** My jobs. Fetched once; the socket keeps them up to date. */
export const jobsQuery = queryOptions({
  queryKey: JOBS_KEY,
  queryFn: () => jobStore.fetch(),
  staleTime: FOREVER,
});

/** The jobs that `jobsQuery` left out; they are added to its answer. */
export const olderJobsQuery = queryOptions({
  queryKey: ["older-jobs"],
  queryFn: () => jobStore.fetchOlder(),
  refetchOnWindowFocus: true,
});

/** A job's changes of state, first to last; `state` and `attempt` only say which answer is wanted. */
export function jobEventsQuery({ id, state, attempt }: JobView) {
  return queryOptions({
    queryKey: ["job-events", id, state, attempt],
    queryFn: () =>
      answerOf(api.GET("/api/jobs/{job_id}/events", { params: { path: { job_id: id } } })),
    placeholderData: keepPreviousData,
  });
}

/** How fast a running job was before this page knew of it. */
export function jobRatesQuery(id: string) {
  return queryOptions({
    queryKey: ["job-rates", id],
    queryFn: () =>
      answerOf(api.GET("/api/jobs/{job_id}/rates", { params: { path: { job_id: id } } })),
    staleTime: FOREVER,
    gcTime: 0,
  });
}

export function jobLimitQuery(id: string) {
  return queryOptions({
    queryKey: ["job-limit", id],
    queryFn: () =>
      answerOf(api.GET("/api/jobs/{job_id}/limit", { params: { path: { job_id: id } } })),
  });
}

/** Chats that others share with me, the newest ones. Who shares one says so elsewhere. */
export function sharedChatsQuery(q = "") {
  return queryOptions({
    queryKey: ["chats", q, "shared"],
    queryFn: () => {
      const query = { limit: CHATS_PAGE, shared: true, ...(q && { q }) };
      return answerOf(api.GET("/api/chats", { params: { query } }));
    },
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: true,
  });
}

export function chatSharingQuery(id: string) {
  return queryOptions({
    queryKey: ["chat-sharing", id],
    queryFn: () =>
      answerOf(api.GET("/api/chats/{chat_id}/sharing", { params: { path: { chat_id: id } } })),
    staleTime: 0,
  });
}

/** My chats, newest first, a page at a time; with `q` those that hold it. */
export function chatsQuery(q = "") {
  return infiniteQueryOptions({
    queryKey: ["chats", q],
    queryFn: ({ pageParam: offset }) => {
      const query = { limit: CHATS_PAGE, offset, ...(q && { q }) };
      return answerOf(api.GET("/api/chats", { params: { query } }));
    },
    initialPageParam: 0,
    getNextPageParam: (last, pages) =>
      last.length < CHATS_PAGE ? undefined : pages.length * CHATS_PAGE,
    placeholderData: keepPreviousData,
  });
}

export function chatQuery(id: string) {
  return queryOptions({
    queryKey: ["chat", id],
    queryFn: () => answerOf(api.GET("/api/chats/{chat_id}", { params: { path: { chat_id: id } } })),
    // The stream adds to it: each opening of a chat reads it again.
    staleTime: 0,
    gcTime: 0,
  });
}

/** A page of the library: everything, newest change first, unless something else is wanted. */
export function libraryQuery(wanted: LibraryQuery = {}) {
  const query = { page_size: 100, registered: false, ...wanted };
  return queryOptions({
    queryKey: ["library", "page", query],
    queryFn: () => answerOf(api.GET("/api/datasets", { params: { query } })),
    placeholderData: keepPreviousData,
  });
}

/** Every built-in dataset with its card, and every plugin that is left out. */
export const pluginsQuery = queryOptions({
  queryKey: ["library", "plugins"],
  queryFn: () => answerOf(api.GET("/api/plugins")),
});

export function datasetQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "dataset", key, revision],
    queryFn: () =>
      answerOf(api.GET("/api/datasets/{key}", { params: { path: { key }, query: { revision } } })),
  });
}

/** What to know of a dataset, here or not, before it is downloaded. */
export function verdictQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["verdict", key, revision],
    queryFn: () =>
      answerOf(
        api.GET("/api/datasets/{key}/verdict", { params: { path: { key }, query: { revision } } }),
      ),
  });
}

/** Datasets side by side, whether they are here or not. */
export function comparisonQuery(refs: readonly string[]) {
  return queryOptions({
    queryKey: ["comparison", ...refs],
    queryFn: () =>
      answerOf(api.GET("/api/datasets/compare", { params: { query: { ref: [...refs] } } })),
  });
}

/** The copy that a job brought, as it is now. A later job's is another question: no old answer serves it. */
export function copyQuery(key: string, jobId?: string) {
  return queryOptions({
    queryKey: ["library", "copy", key, jobId],
    queryFn: () => answerOf(api.GET("/api/datasets/{key}", { params: { path: { key } } })),
    refetchOnWindowFocus: true,
  });
}

export function checkQuery(key: string) {
  return queryOptions({
    queryKey: ["library", "check", key],
    queryFn: () => answerOf(api.GET("/api/datasets/{key}/check", { params: { path: { key } } })),
    refetchOnWindowFocus: true,
  });
}

export function upstreamQuery(key: string) {
  return queryOptions({
    queryKey: ["library", "upstream", key],
    queryFn: () => answerOf(api.GET("/api/datasets/{key}/upstream", { params: { path: { key } } })),
    staleTime: 600_000,
  });
}

export function receiptQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "receipt", key, revision],
    queryFn: () =>
      answerOf(
        api.GET("/api/datasets/{key}/receipt", {
          // Its files come in pages: there may be half a million.
          params: { path: { key }, query: { revision, files: false } },
        }),
      ),
  });
}

/** The files of a dataset, some at a time. */
export function filesQuery(key: string, revision?: string) {
  return infiniteQueryOptions({
    queryKey: ["library", "files", key, revision],
    queryFn: ({ pageParam: cursor }) =>
      answerOf(
        api.GET("/api/datasets/{key}/files", {
          params: { path: { key }, query: { revision, cursor, limit: FILES_AT_A_TIME } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
}

/** What HuggingFace's libraries call a dataset that is here. */
export function repositoryQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "repository", key, revision],
    queryFn: () =>
      answerOf(
        api.GET("/api/datasets/{key}/repository", {
          params: { path: { key }, query: { revision } },
        }),
      ),
    staleTime: FOREVER,
  });
}

/** Code that loads a dataset that is here, by library. */
export function snippetsQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "snippets", key, revision],
    queryFn: () =>
      answerOf(
        api.GET("/api/datasets/{key}/snippets", { params: { path: { key }, query: { revision } } }),
      ),
    staleTime: FOREVER,
  });
}

/** What its author says of a dataset. */
export function readmeQuery(key: string, revision?: string) {
  return queryOptions({
    queryKey: ["library", "readme", key, revision],
    queryFn: () =>
      answerOf(
        api.GET("/api/datasets/{key}/readme", { params: { path: { key }, query: { revision } } }),
      ),
    staleTime: FOREVER,
  });
}

/** The files that can be shown as a table, `here` or at their source, or why there is none. */
export function previewFilesQuery(key: string, revision?: string, here = true) {
  return queryOptions({
    queryKey: ["library", "preview-files", key, revision, here],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET("/api/datasets/{key}/preview/files", {
          signal,
          params: { path: { key }, query: { revision } },
        }),
      ),
    staleTime: FOREVER,
  });
}

export function imageSamplesQuery(key: string, revision?: string, here = true) {
  return queryOptions({
    queryKey: ["library", "preview-images", key, revision, here],
    queryFn: ({ signal }) => {
      const params = { path: { key }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/preview/images", { signal, params }));
    },
    staleTime: FOREVER,
  });
}

export interface PreviewPlace {
  key: string;
  revision?: string;
  path: string;
  /** What was fetched of it before a download is not what is shown after. */
  here: boolean;
}

/** The first rows of a table. Cells are cut, unless they are asked for whole. */
export function previewQuery({ key, revision, path, here }: PreviewPlace, whole = false) {
  return queryOptions({
    queryKey: ["library", "preview", key, revision, path, here, whole],
    // Who leaves ends what is being fetched from a source.
    queryFn: ({ signal }) => {
      const cell_chars = whole ? MOST_CELL_CHARS : undefined;
      const query = { revision, path, rows: ROWS_OF_A_PREVIEW, cell_chars };
      const params = { path: { key }, query };
      return answerOf(api.GET("/api/datasets/{key}/preview", { signal, params }));
    },
    staleTime: FOREVER,
  });
}
