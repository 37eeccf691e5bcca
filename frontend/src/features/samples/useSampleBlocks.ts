import { useQueries } from "@tanstack/react-query";
import type { Sample } from "@/api/types";
import { range } from "@/features/tables/gridGeometry";
import { BLOCK_SAMPLES, type SamplesPlace, samplesQuery } from "./queries";

/** The samples from one place to another, which is not among them, as far as they have come. */
export function useSampleBlocks(place: SamplesPlace, from: number, to: number) {
  const first = Math.floor(from / BLOCK_SAMPLES);
  const blocks = range(first, Math.floor(Math.max(from, to - 1) / BLOCK_SAMPLES) + 1);
  const answers = useQueries({
    queries: blocks.map((block) => ({
      ...samplesQuery(place, block),
      placeholderData: undefined,
    })),
  });
  return {
    /** Undefined until it has come. */
    sample: (number: number): Sample | undefined =>
      answers[Math.floor(number / BLOCK_SAMPLES) - first]?.data?.samples[number % BLOCK_SAMPLES],
    error: answers.find(({ error }) => error)?.error ?? undefined,
    refetch: () => {
      for (const { error, refetch } of answers) if (error) void refetch();
    },
  };
}
