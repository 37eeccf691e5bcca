import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { SampleSplit } from "@/api/types";

/** Samples that are fetched at once. */
export const BLOCK_SAMPLES = 60;

export interface SamplesPlace {
  key: string;
  revision?: string;
  /** By default the first that the dataset has. */
  split?: SampleSplit["name"];
  /** The name of a class; by default all. */
  class?: string;
}

/** A block of the samples of a split, or of those of a class in it. */
export function samplesQuery({ key, revision, split, class: name }: SamplesPlace, block = 0) {
  return queryOptions({
    queryKey: ["library", "samples", key, revision, split, name, block],
    queryFn: ({ signal }) => {
      const offset = block * BLOCK_SAMPLES;
      const query = { revision, split, class: name, offset, limit: BLOCK_SAMPLES };
      const params = { path: { key }, query };
      return answerOf(api.GET("/api/datasets/{key}/samples", { signal, params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    // The choice of a class stays in sight while its samples come.
    placeholderData: block === 0 ? keepPreviousData : undefined,
  });
}
