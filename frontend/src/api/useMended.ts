import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { asItStands, hubWanted } from "./mended";
import { sourcesQuery } from "./queries";
import type { JobView, SourceProblem, SourceStatus } from "./types";

/** The sources' state, asked for only while something wants a key. */
function useSourcesWhere(wanted: boolean): SourceStatus[] | undefined {
  return useQuery({ ...sourcesQuery, staleTime: 60_000, enabled: wanted }).data;
}

/** Jobs, with what has been mended since they failed taken out of what they say. */
export function useMendedJobs(jobs: JobView[]): JobView[] {
  const wanted = jobs.some((job) => job.state === "failed" && hubWanted(job.problem) !== null);
  const sources = useSourcesWhere(wanted);
  return useMemo(() => {
    if (!wanted || !sources) return jobs;
    return jobs.map((job) =>
      job.problem ? { ...job, problem: asItStands(job.problem, sources) } : job,
    );
  }, [jobs, wanted, sources]);
}

/** The same for sources that failed in an answer. */
export function useMendedProblems(problems: readonly SourceProblem[]): readonly SourceProblem[] {
  const wanted = problems.some((problem) => hubWanted(problem) !== null);
  const sources = useSourcesWhere(wanted);
  return useMemo(
    () => (wanted ? problems.map((problem) => asItStands(problem, sources)) : problems),
    [problems, wanted, sources],
  );
}
