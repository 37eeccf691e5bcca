import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Columns3, X } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { comparisonQuery } from "@/api/queries";
import type { ComparedDataset, Comparison, DatasetCard } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { useCardState } from "@/features/downloads/useCardState";
import { ScrollBox } from "@/features/library/ScrollBox";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ExternalLink } from "@/ui/ExternalLink";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { Switch } from "@/ui/Switch";
import { CompareTable } from "./CompareTable";
import { LEAST } from "./refs";

/** `/compare?ref=…&ref=…` */
export default function ComparePage() {
  const { ref: refs } = useSearch({ from: "/app/compare" });
  const enough = refs.length >= LEAST;
  const found = useQuery({ ...comparisonQuery(refs), enabled: enough });
  return (
    <Screen wide title="Compare datasets">
      {!enough && <TooFew />}
      {enough && found.isPending && <Spinner label="Asking the sources…" />}
      {found.isError && (
        <ProblemBox problem={asProblem(found.error)}>
          <Button size="sm" onClick={() => void found.refetch()}>
            Retry
          </Button>
        </ProblemBox>
      )}
      {found.data && <Compared comparison={found.data} refs={refs} />}
    </Screen>
  );
}

interface ComparedProps {
  comparison: Comparison;
  /** As the address has them. */
  refs: readonly string[];
}

function Compared({ comparison, refs }: ComparedProps) {
  const [only, setOnly] = useState(false);
  const facts = comparison.facts.filter((fact) => !only || fact.differs);
  const columns = comparison.columns.filter((column) => !only || column.differs);
  const all = comparison.facts.length + comparison.columns.length;
  return (
    <div className="grid grid-cols-1 gap-3">
      <div className="max-w-sm">
        <Switch
          label="Only differences"
          hint={`≠ marks ${plural(countOf(comparison), "row")} of ${all} that differ`}
          checked={only}
          onChange={setOnly}
        />
      </div>
      <ScrollBox
        label="Datasets side by side"
        className="max-h-[max(24rem,calc(100dvh-13rem))] overscroll-x-contain"
      >
        <CompareTable
          comparison={comparison}
          facts={facts}
          columns={columns}
          sticky
          beside={(one) => (
            <TakeOut
              dataset={one}
              others={refs.filter((_, place) => comparison.datasets[place] !== one)}
            />
          )}
          under={(one) => <Under dataset={one} />}
        />
      </ScrollBox>
      <Notes comparison={comparison} />
    </div>
  );
}

function countOf({ facts, columns }: Comparison): number {
  return [...facts, ...columns].filter((row) => row.differs).length;
}

interface TakeOutProps {
  dataset: ComparedDataset;
  /** What stays without it. */
  others: string[];
}

function TakeOut({ dataset: { ref, card }, others }: TakeOutProps) {
  if (others.length < LEAST) return null;
  return (
    <Link
      to="/compare"
      search={{ ref: others }}
      replace
      aria-label={`Take ${card?.title ?? ref} out`}
      title="Take it out"
      className="-my-1 flex size-6 shrink-0 items-center justify-center rounded-control text-muted hover:bg-panel hover:text-fg touch:size-9 [&_svg]:size-4"
    >
      <X aria-hidden />
    </Link>
  );
}

function Under({ dataset: { card, problem } }: { dataset: ComparedDataset }) {
  return (
    <div className="mt-1 text-13">
      {problem && <p className="text-bad">No answer: see below</p>}
      {card && <Action card={card} />}
    </div>
  );
}

function Action({ card }: { card: DatasetCard }) {
  return <CardAction card={card} state={useCardState(card)} size="sm" />;
}

/** What the table cannot tell, and why. */
function Notes({ comparison: { datasets, more_columns } }: { comparison: Comparison }) {
  const failed = datasets.filter((one) => one.problem);
  const unread = datasets.filter((one) => one.table_problem);
  const read = datasets.filter((one) => one.table);
  if (failed.length + unread.length + read.length + more_columns === 0) return null;
  return (
    <ul className="grid grid-cols-1 gap-1 text-13 text-muted">
      {failed.map(({ ref, problem }) => (
        <li key={ref} className="text-bad wrap-anywhere">
          {ref}: {problem?.detail} {problem?.next_step}
          {problem?.link && (
            <ExternalLink href={problem.link} className="ml-1">
              Open its page
            </ExternalLink>
          )}
        </li>
      ))}
      {read.map(({ ref, card, table, tables }) => (
        <li key={ref} className="wrap-anywhere">
          {card?.title ?? ref}: columns of {table}
          {tables != null && `, one of ${tables} configs`}
        </li>
      ))}
      {unread.map(({ ref, card, table_problem }) => (
        <li key={ref} className="wrap-anywhere">
          {card?.title ?? ref}: {table_problem}
        </li>
      ))}
      {more_columns > 0 && <li>{plural(more_columns, "more column")} are not shown.</li>}
    </ul>
  );
}

function TooFew() {
  return (
    <EmptyState icon={Columns3} title="Choose two datasets or more">
      <p>
        Tick them in the answer of a chat or in the{" "}
        <Link to="/library" className="text-accent underline underline-offset-2">
          library
        </Link>
        , then press Compare.
      </p>
    </EmptyState>
  );
}
