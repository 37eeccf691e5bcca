import { clsx } from "clsx";
import type { ReactNode } from "react";
import type { UploadAnalysis, UploadFinding } from "@/api/types";
import { colourOf } from "@/features/samples/sampleText";
import { Section } from "@/ui/Section";
import { confidenceText, labelNumbers, nothingWords } from "./words";

interface FindingListProps {
  analysis: UploadAnalysis;
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
  /** What can be done with a finding, beside it. */
  actsOf?: (finding: UploadFinding) => ReactNode;
}

/** What was found, by what, and how sure that is. */
export function FindingList({ analysis, chosen, onChoose, actsOf }: FindingListProps) {
  const { findings } = analysis;
  const numbers = labelNumbers(findings);
  return (
    <Section title="Findings">
      {findings.length === 0 && <p className="text-14 text-muted">{nothingWords(analysis)}</p>}
      {findings.length > 0 && (
        <ul className="divide-y rounded-card border bg-card">
          {findings.map((finding) => (
            <li
              key={finding.id}
              onMouseEnter={() => onChoose(finding.id)}
              onMouseLeave={() => onChoose(undefined)}
              className={clsx(
                "flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2",
                finding.id === chosen && "bg-accent-soft",
              )}
            >
              <span
                aria-hidden
                className="size-3 rounded-control border"
                style={{ backgroundColor: colourOf(numbers.get(finding.label) ?? 0) }}
              />
              <div className="min-w-0 flex-1">
                <p className="flex gap-3 text-14 tabular-nums">
                  <bdi className="min-w-0 flex-1 font-medium wrap-anywhere">{finding.label}</bdi>
                  {confidenceText(finding.confidence)}
                </p>
                <p className="text-12 text-muted wrap-anywhere">
                  {finding.by.name}, {finding.by.version}
                  {finding.confidence == null && " · it gives no confidence"}
                </p>
              </div>
              {actsOf?.(finding)}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
