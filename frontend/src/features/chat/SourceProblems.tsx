import { Unplug } from "lucide-react";
import type { SourceProblem } from "@/api/types";
import { useMendedProblems } from "@/api/useMended";
import { ExternalLink } from "@/ui/ExternalLink";
import { screenWords } from "@/ui/ProblemAct";
import { ScreenLink } from "@/ui/ScreenLink";
import { sourceLabel } from "@/ui/sources";

/** Sources that failed inside an answer that succeeded otherwise: above its results, each with its next act. */
export function SourceProblems({ problems: told }: { problems: readonly SourceProblem[] }) {
  const problems = useMendedProblems(told);
  if (problems.length === 0) return null;
  return (
    <ul aria-label="Sources that failed" className="divide-y rounded-card border bg-card">
      {problems.map((problem) => (
        <li
          key={`${problem.source} ${problem.code}`}
          className="flex flex-wrap items-start gap-x-2 gap-y-1 px-3 py-2 text-13"
        >
          <Unplug aria-hidden className="mt-0.5 size-3.5 shrink-0 text-warn" />
          <p className="min-w-0 flex-1 wrap-anywhere">
            <strong className="font-semibold">{sourceLabel(problem.source)}</strong> ·{" "}
            {problem.detail} <span className="text-muted">{problem.next_step}</span>
          </p>
          {problem.link && <ExternalLink href={problem.link}>Open</ExternalLink>}
          {problem.screen && (
            <ScreenLink screen={problem.screen}>
              {screenWords(problem.screen, problem.code)}
            </ScreenLink>
          )}
        </li>
      ))}
    </ul>
  );
}
