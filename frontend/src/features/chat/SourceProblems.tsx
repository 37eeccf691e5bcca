import { LoaderCircle, RotateCcw, Unplug } from "lucide-react";
import { useRef } from "react";
import type { SourceName, SourceProblem } from "@/api/types";
import { useMendedProblems } from "@/api/useMended";
import { Button } from "@/ui/Button";
import { ExternalLink } from "@/ui/ExternalLink";
import { screenWords } from "@/ui/ProblemAct";
import { ScreenLink } from "@/ui/ScreenLink";
import { isWorthRetry, outages, sourceList } from "./sourceText";

interface SourceProblemsProps {
  problems: readonly SourceProblem[];
  /** Sources that have not answered yet, while the others' results are here. */
  waiting: readonly SourceName[];
  onRetry?: () => void;
}

/**
 * Above an answer: the sources that failed in it, as one notice with its next act, and before that those
 * that are still awaited. It keeps its place and height from one to the other, so that no card moves.
 */
export function SourceProblems({ problems, waiting, onRetry }: SourceProblemsProps) {
  const awaited = useRef<readonly SourceName[]>([]);
  if (waiting.length > 0) awaited.current = waiting;
  if (problems.length > 0) return <Outages problems={problems} onRetry={onRetry} />;
  if (awaited.current.length === 0) return null;
  return (
    <p
      role="status"
      className="flex min-h-11 items-center gap-2 border border-transparent text-13 text-muted"
    >
      {waiting.length > 0 ? (
        <>
          <LoaderCircle aria-hidden className="size-3.5 shrink-0 animate-spin" />
          {sourceList(waiting)} {waiting.length > 1 ? "have" : "has"} not answered yet…
        </>
      ) : (
        `${sourceList(awaited.current)} ${awaited.current.length > 1 ? "have" : "has"} answered too.`
      )}
    </p>
  );
}

function Outages({ problems: told, onRetry }: Pick<SourceProblemsProps, "problems" | "onRetry">) {
  const problems = useMendedProblems(told);
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 rounded-card border border-warn/50 bg-card px-3 py-1.5 text-13">
      <ul
        aria-label="Sources that failed"
        className="grid min-w-0 flex-1 basis-60 grid-cols-1 gap-1"
      >
        {outages(problems).map(({ key, problem, text }) => (
          <li key={key} className="flex flex-wrap items-start gap-x-2">
            <Unplug aria-hidden className="mt-0.5 size-3.5 shrink-0 text-warn" />
            <p className="min-w-0 flex-1 wrap-anywhere">
              <strong className="font-semibold">{text}</strong>{" "}
              <span className="text-muted">{problem.next_step}</span>
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
      {onRetry && problems.some(isWorthRetry) && (
        <Button size="sm" onClick={onRetry}>
          <RotateCcw aria-hidden /> Retry
        </Button>
      )}
    </div>
  );
}
