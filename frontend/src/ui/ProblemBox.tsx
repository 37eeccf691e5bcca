import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Problem } from "@/api/types";
import { ExternalLink } from "./ExternalLink";
import { pageWords, screenWords } from "./ProblemAct";
import { ScreenLink } from "./ScreenLink";

interface ProblemBoxProps {
  problem: Pick<Problem, "detail" | "next_step" | "link" | "screen"> & { code?: string };
  /** Said before the detail, e.g. whose problem it is. */
  title?: string;
  /** Buttons for the next act. */
  children?: ReactNode;
}

/** An error as a person can use it: what, why, and the next act. */
export function ProblemBox({ problem, title, children }: ProblemBoxProps) {
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-x-3 gap-y-2 rounded-card border border-bad/50 bg-card p-3 text-14"
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1 basis-60 wrap-anywhere">
        <p>
          {title && <strong className="font-semibold">{title} · </strong>}
          {problem.detail}
        </p>
        {problem.next_step && <p className="text-muted">{problem.next_step}</p>}
      </div>
      {problem.screen && (
        <ScreenLink screen={problem.screen}>
          {screenWords(problem.screen, problem.code ?? "")}
        </ScreenLink>
      )}
      {problem.link && (
        <ExternalLink href={problem.link}>{pageWords(problem.code ?? "")}</ExternalLink>
      )}
      {children}
    </div>
  );
}
