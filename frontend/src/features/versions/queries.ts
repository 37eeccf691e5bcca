import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type VersionView = Schemas["VersionView"];
export type VersionRow = Schemas["VersionRow"];
export type VersionValue = Schemas["VersionValue"];
export type TableChanges = Schemas["TableChanges"];
export type Change = Schemas["VersionRow"]["change"];

/** Rows of a comparison that come at a time: their pictures are asked for in one request. */
const ROWS = 25;
/** What the server makes at a time. */
const MOST_PICTURES = 60;
const PICTURE = /\.(avif|bmp|gif|jpe?g|png|tiff?|webp)$/i;

export function versionsQuery(key: string) {
  return infiniteQueryOptions({
    queryKey: ["versions", key, "list"],
    queryFn: ({ pageParam: cursor }) => {
      const params = { path: { key }, query: { cursor, limit: 50 } };
      return answerOf(api.GET("/api/datasets/{key}/versions", { params }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    staleTime: 0,
  });
}

export function versionQuery(key: string, version: string) {
  return queryOptions({
    queryKey: ["versions", key, "one", version],
    queryFn: () => {
      const params = { path: { key, version } };
      return answerOf(api.GET("/api/datasets/{key}/versions/{version}", { params }));
    },
  });
}

export interface Compared {
  from: string;
  to: string;
  table?: string;
  change?: Change;
}

export function comparisonQuery(key: string, compared: Compared) {
  return infiniteQueryOptions({
    queryKey: ["versions", key, "diff", compared],
    queryFn: ({ pageParam: cursor }) => {
      const params = { path: { key }, query: { ...compared, cursor, limit: ROWS } };
      return answerOf(api.GET("/api/datasets/{key}/versions/diff", { params }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** The small pictures of rows, by the SHA-256 of their files. */
export function picturesQuery(key: string, rows: readonly VersionRow[]) {
  const digests = pictureDigests(rows);
  return queryOptions({
    queryKey: ["versions", key, "pictures", digests],
    queryFn: async () => {
      const params = { path: { key }, query: { sha256: digests } };
      const found = await answerOf(api.GET("/api/datasets/{key}/versions/pictures", { params }));
      return new Map(found.pictures.map((one) => [one.sha256, one.thumbnail]));
    },
    enabled: digests.length > 0,
  });
}

/** The files of rows that are pictures by their format, or by the path of their row. */
export function pictureDigests(rows: readonly VersionRow[]): string[] {
  const found = rows.flatMap(({ name, cells }) =>
    cells
      .flatMap(({ before, after }) => [before, after])
      .filter((one) => PICTURE.test(`x.${one?.text}`) || PICTURE.test(name ?? ""))
      .flatMap((one) => one?.sha256 ?? []),
  );
  return [...new Set(found)].slice(0, MOST_PICTURES);
}
