import type { ProblemView, SourceStatus } from "./types";

type Told = Pick<ProblemView, "detail" | "next_step" | "screen" | "retryable">;

const KEY_FORM = "/settings/sources#";

/** The hub whose key a problem wants, by the form that it leads to. */
export function hubWanted(problem: Pick<Told, "screen"> | null | undefined): string | null {
  const { screen } = problem ?? {};
  return screen?.startsWith(KEY_FORM) ? screen.slice(KEY_FORM.length) : null;
}

/**
 * A problem as it stands now. What was told of a key that has been set since is out of date: what is
 * left of it is that it can be tried again.
 */
export function asItStands<T extends Told>(problem: T, sources: readonly SourceStatus[] = []): T {
  const hub = hubWanted(problem);
  const status = sources.find((source) => source.name === hub);
  if (!status?.configured || status.problem) return problem;
  return {
    ...problem,
    detail: `It failed before the ${status.label} key was set.`,
    next_step: "Try it again.",
    screen: null,
    retryable: true,
  };
}
