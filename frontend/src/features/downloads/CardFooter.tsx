import { TriangleAlert } from "lucide-react";
import type { DatasetCard, Problem } from "@/api/types";
import { ExternalLink } from "@/ui/ExternalLink";
import { pageWords } from "@/ui/ProblemAct";
import type { CardState } from "./cardState";
import { JobStatus } from "./JobStatus";
import { LocalCopy } from "./LocalCopy";

/** Below a card: why it was found, then its progress, then where it is. One height for all three. */
export function CardFooter({ card, state }: { card: DatasetCard; state: CardState }) {
  return (
    <div className="flex min-h-8 flex-col justify-center" data-testid="card-footer">
      <Content card={card} state={state} />
    </div>
  );
}

function Content({ card, state }: { card: DatasetCard; state: CardState }) {
  switch (state.kind) {
    case "absent":
      return card.why ? <p className="truncate text-13 text-muted">{card.why}</p> : null;
    case "refused":
      return <Refusal problem={state.problem} />;
    case "here":
      return <LocalCopy datasetKey={card.key} path={state.path} jobId={state.job?.id} />;
    case "ended":
      return (
        <>
          <JobStatus job={state.job} />
          {state.job.problem?.link && <TermsLink problem={state.job.problem} />}
        </>
      );
    default:
      return <JobStatus job={state.job} />;
  }
}

function Refusal({ problem }: { problem: Problem }) {
  return (
    <div className="flex items-start gap-1.5 text-13">
      <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0 text-bad" />
      <div className="min-w-0 wrap-anywhere">
        <p>{problem.detail}</p>
        {problem.next_step && <p className="text-muted">{problem.next_step}</p>}
        {problem.link && <TermsLink problem={problem} />}
      </div>
    </div>
  );
}

function TermsLink({ problem }: { problem: Pick<Problem, "code" | "link"> }) {
  return <ExternalLink href={problem.link ?? ""}>{pageWords(problem.code)}</ExternalLink>;
}
