import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";

/** Frames that are fetched at once. */
export const BLOCK_FRAMES = 20;

export interface SequencesPlace {
  key: string;
  revision?: string;
}

/** The recordings of a dataset. */
export function sequencesQuery({ key, revision }: SequencesPlace) {
  return queryOptions({
    queryKey: ["library", "sequences", key, revision],
    queryFn: () => {
      const params = { path: { key }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/sequences", { params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** One recording: its frames, calibration and the way that it drove. */
export function sequenceQuery({ key, revision }: SequencesPlace, id: string) {
  return queryOptions({
    queryKey: ["library", "sequence", key, revision, id],
    queryFn: () => {
      const params = { path: { key, sequence_id: id }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/sequence/{sequence_id}", { params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** A block of its frames. */
export function framesQuery({ key, revision }: SequencesPlace, id: string, block: number) {
  return queryOptions({
    queryKey: ["library", "frames", key, revision, id, block],
    queryFn: ({ signal }) => {
      const query = { revision, offset: block * BLOCK_FRAMES, limit: BLOCK_FRAMES };
      const params = { path: { key, sequence_id: id }, query };
      return answerOf(api.GET("/api/datasets/{key}/frames/{sequence_id}", { signal, params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
}
