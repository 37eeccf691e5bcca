import { Link } from "@tanstack/react-router";
import { Unplug } from "lucide-react";
import type { SourceProblem } from "@/api/types";
import { ExternalLink } from "@/ui/ExternalLink";
import { sourceLabel } from "@/ui/sources";

/** Codes that the settings screen can explain further. */
const OF_SETTINGS = new Set(["source_not_configured", "credential_rejected"]);

/** Sources that failed inside an answer that succeeded otherwise: above its results, each with its next act. */
export function SourceProblems({ problems }: { problems: readonly SourceProblem[] }) {
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
          {OF_SETTINGS.has(problem.code) && (
            <Link to="/settings/sources" className="text-accent hover:underline">
              Sources
            </Link>
          )}
        </li>
      ))}
    </ul>
  );
}
