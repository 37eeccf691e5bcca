import { useQuery } from "@tanstack/react-query";
import { Check, Info, Minus, TriangleAlert, X } from "lucide-react";
import { asProblem } from "@/api/problem";
import { verdictQuery } from "@/api/queries";
import type { LicenceTerm, LicenceVerdict, Verdict } from "@/api/types";
import { ExternalLink } from "@/ui/ExternalLink";
import { Fact, FactList } from "@/ui/FactList";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";

interface VerdictPanelProps {
  datasetKey: string;
  revision?: string;
  /** It is here already: what a download would take is of no interest. */
  here?: boolean;
}

/** What to know of a dataset before: its licence, terms to accept, room and time, rows and columns. */
export default function VerdictPanel({ datasetKey, revision, here }: VerdictPanelProps) {
  const verdict = useQuery(verdictQuery(datasetKey, revision));
  if (verdict.isError) return <ProblemBox problem={asProblem(verdict.error)} />;
  return (
    <div data-testid="verdict" className="min-h-80 text-13">
      {verdict.data ? (
        <Facts verdict={verdict.data} here={here} />
      ) : (
        <Spinner label="Asking its source…" />
      )}
    </div>
  );
}

function Facts({ verdict, here }: { verdict: Verdict; here?: boolean }) {
  const { licence, gate, room, table } = verdict;
  return (
    <>
      <FactList>
        <Fact name="Licence">
          <LicenceName licence={licence} />
        </Fact>
        {licence.stated &&
          licence.known &&
          licence.terms.map((term) => (
            <Fact key={term.topic} name={term.label}>
              <Term term={term} />
            </Fact>
          ))}
        {licence.notes.length > 0 && (
          <Fact name="To know">
            {licence.notes.map((note) => (
              <p key={note}>{note}</p>
            ))}
          </Fact>
        )}
        {!here && (
          <Fact name="Terms to accept">
            <p>{gate.words}</p>
            {gate.account && <p>Whose account: {gate.account}.</p>}
            {gate.url && gate.state !== "open" && (
              <ExternalLink href={gate.url}>Its page at the source</ExternalLink>
            )}
          </Fact>
        )}
        {!here && <Fact name="Download">{room.words}</Fact>}
        {table && <Fact name="Table">{table.words}</Fact>}
      </FactList>
      <p className="pt-1 text-12 text-muted">{licence.caution}</p>
    </>
  );
}

function LicenceName({ licence }: { licence: LicenceVerdict }) {
  return (
    <>
      <span className={licence.stated ? "" : "text-warn"}>
        {licence.name}
        {!licence.known && ` · ${licence.short}`}
      </span>
      {licence.spdx_id && licence.spdx_id !== licence.name && (
        <span className="text-muted">
          {" "}
          · SPDX <span className="font-mono text-12">{licence.spdx_id}</span>
        </span>
      )}
      {licence.url && (
        <>
          {" "}
          <ExternalLink href={licence.url}>
            {licence.known ? "Its text" : "What its publisher says"}
          </ExternalLink>
        </>
      )}
    </>
  );
}

const ICONS: Record<LicenceTerm["verdict"], [typeof Check, string]> = {
  allowed: [Check, "text-ok"],
  not_required: [Check, "text-ok"],
  required: [Info, "text-muted"],
  not_mentioned: [Minus, "text-muted"],
  conditions: [TriangleAlert, "text-warn"],
  unknown: [TriangleAlert, "text-warn"],
  forbidden: [X, "text-bad"],
};

function Term({ term }: { term: LicenceTerm }) {
  const [Icon, tone] = ICONS[term.verdict];
  return (
    <>
      <Icon aria-hidden className={`mr-1.5 inline size-3.5 align-[-0.15em] ${tone}`} />
      {term.words}
    </>
  );
}
