import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { asProblem } from "@/api/problem";
import type { DatasetHealth } from "@/api/types";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { FindingView } from "./FindingView";
import { healthQuery, type ReportPlace } from "./queries";
import { ReportState } from "./ReportState";

/** What is wrong with a dataset, as far as it was looked for. */
export default function HealthTab({ place }: { place: ReportPlace }) {
  const { data, error } = useQuery(healthQuery(place));
  if (error && !data) return <ProblemBox problem={asProblem(error)} />;
  if (!data) return <Spinner label="Looking for its report…" />;
  const known = data.of != null;
  return (
    <div className="grid grid-cols-1 gap-4">
      <ReportState place={place} report={data} kind="health" />
      {known && data.findings?.length === 0 && (
        <p className="flex items-center gap-2 text-14">
          <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
          Nothing was found of what is looked for below.
        </p>
      )}
      {data.findings && data.findings.length > 0 && (
        <ul aria-label="Findings" className="grid grid-cols-1 gap-2">
          {data.findings.map((finding) => (
            <li key={finding.kind}>
              <FindingView place={place} finding={finding} />
            </li>
          ))}
        </ul>
      )}
      {known && <Checked report={data} />}
    </div>
  );
}

function Checked({ report }: { report: DatasetHealth }) {
  return (
    <details open={report.findings?.length === 0} className="text-13 text-muted">
      <summary className="cursor-pointer">What was looked for</summary>
      <ul className="mt-1 grid list-disc grid-cols-1 gap-0.5 pl-5">
        {report.checked?.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      {report.unchecked && report.unchecked.length > 0 && (
        <>
          <p className="mt-2 text-fg">Not looked for, or not wholly:</p>
          <ul className="mt-1 grid list-disc grid-cols-1 gap-0.5 pl-5">
            {report.unchecked.map((one) => (
              <li key={one} className="wrap-anywhere">
                {one}
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}
