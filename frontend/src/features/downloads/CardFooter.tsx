import { TriangleAlert } from "lucide-react";
import type { OfferedDataset, Problem } from "@/api/types";
import { ExternalLink } from "@/ui/ExternalLink";
import { pageWords, type Told, useCanRetry } from "@/ui/ProblemAct";
import { CardStatus } from "./CardStatus";
import type { CardState } from "./cardState";
import { LocalCopy } from "./LocalCopy";

interface CardFooterProps {
  card: OfferedDataset;
  state: CardState;
  /** All of it is shown, on as many lines as it takes. */
  open?: boolean;
}

/** The last line of a card: what it is, then its progress, then where it is. None where there is nothing to say. */
export function CardFooter({ card, state, open = false }: CardFooterProps) {
  switch (state.kind) {
    case "absent":
      return card.description ? <Description text={card.description} open={open} /> : null;
    case "refused":
      return <Refusal problem={state.problem} open={open} />;
    case "here":
      return (
        <>
          <LocalCopy datasetKey={card.key} path={state.path} jobId={state.job?.id} />
          {open && card.description && <Description text={card.description} open />}
        </>
      );
    case "ended":
      return (
        <Line>
          <CardStatus job={state.job} open={open} />
          {state.job.problem && <NextAct problem={state.job.problem} />}
        </Line>
      );
    default:
      return (
        <Line>
          <CardStatus job={state.job} open={open} />
        </Line>
      );
  }
}

/** What may be cut, and an act beside it that may not. */
function Line({ children }: { children: React.ReactNode }) {
  return (
    <div
      data-testid="card-footer"
      className="flex min-w-0 flex-wrap items-start gap-x-3 text-13 @min-[30rem]:flex-nowrap"
    >
      {children}
    </div>
  );
}

function Description({ text, open }: { text: string; open: boolean }) {
  const cut = open ? "" : "line-clamp-2 @min-[30rem]:line-clamp-1";
  return (
    <p dir="auto" className={`text-left text-13 text-muted wrap-anywhere ${cut}`}>
      {text}
    </p>
  );
}

function Refusal({ problem, open }: { problem: Problem; open: boolean }) {
  return (
    <Line>
      <p
        className={
          open
            ? "min-w-0 flex-1 wrap-anywhere"
            : "min-w-0 flex-1 wrap-anywhere @min-[30rem]:truncate"
        }
      >
        <TriangleAlert aria-hidden className="mr-1.5 inline size-3.5 align-[-0.15em] text-bad" />
        <span>{problem.detail}</span>{" "}
        {problem.next_step && <span className="text-muted">{problem.next_step}</span>}
      </p>
      <NextAct problem={problem} />
    </Line>
  );
}

/** Its page elsewhere, where that is not what the card's button opens; at the end of the line, never cut. */
function NextAct({ problem }: { problem: Told }) {
  const isButton = !useCanRetry(problem) && !problem.screen;
  if (!problem.link || isButton) return null;
  return (
    <ExternalLink href={problem.link} className="shrink-0">
      {pageWords(problem.code)}
    </ExternalLink>
  );
}
