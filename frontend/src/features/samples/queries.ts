import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";

/** Samples that are fetched at once. */
export const BLOCK_SAMPLES = 60;

export interface SamplesPlace {
  key: string;
  revision?: string;
  /** By default the first that the dataset has. */
  split?: string;
  /** The name of a class; by default all. */
  class?: string;
}

/** Of the classes those below a node of WordNet, or those in whose name these words are. */
export type WantedClasses = { parent: string } | { q: string };

export function classesQuery({ key, revision, split }: SamplesPlace, wanted: WantedClasses) {
  return queryOptions({
    queryKey: ["library", "classes", key, revision, split, wanted],
    queryFn: ({ signal }) => {
      const params = { path: { key }, query: { revision, split, ...wanted } };
      return answerOf(api.GET("/api/datasets/{key}/classes", { signal, params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** A block of the samples of a split, or of those of a class in it. */
export function samplesQuery({ key, revision, split, class: name }: SamplesPlace, block = 0) {
  return queryOptions({
    queryKey: ["library", "samples", key, revision, split, name, block],
    queryFn: ({ signal }) => {
      const offset = block * BLOCK_SAMPLES;
      // Who looks at a page downloads nothing by that.
      const query = { revision, split, class: name, offset, limit: BLOCK_SAMPLES, start: false };
      const params = { path: { key }, query };
      return answerOf(api.GET("/api/datasets/{key}/samples", { signal, params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    // The choice of a class stays in sight while its samples come.
    placeholderData: block === 0 ? keepPreviousData : undefined,
  });
}
