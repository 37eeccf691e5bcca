import { Link } from "@tanstack/react-router";
import { Check, Info } from "lucide-react";
import type { ReactNode } from "react";
import type { DatasetTab } from "@/features/library/datasetSearch";
import { formatTime, plural } from "@/ui/format";
import type { HealthOutput, VersionsOutput } from "./parts";
import { ToolLine } from "./ToolLine";

/** What was found wrong with a dataset; its screen has each finding as a list. */
export function HealthBlock({ output }: { output: HealthOutput }) {
  const { key, state, findings = [] } = output.report;
  const known = output.report.of != null;
  if (!known)
    return (
      <ToolLine icon={Info}>
        {state === "computing" ? "It is being looked for. " : "It was not looked for to the end. "}
        <TabLink dataset={key} tab="health">
          See the report
        </TabLink>
      </ToolLine>
    );
  return (
    <>
      <ToolLine icon={findings.length ? Info : Check} tone={findings.length ? undefined : "ok"}>
        {findings.length ? plural(findings.length, "finding") : "Nothing was found"}
        {" · "}
        <TabLink dataset={key} tab="health">
          {findings.length ? "Open them" : "What was looked for"}
        </TabLink>
      </ToolLine>
      {findings.length > 0 && (
        <ul aria-label="Findings" className="divide-y rounded-card border bg-card text-14">
          {findings.map((finding) => (
            <li key={finding.kind} dir="auto" className="px-3 py-2 wrap-anywhere">
              {finding.says}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A dataset's newest versions, and what differs between two of them. */
export function VersionsBlock({ output }: { output: VersionsOutput }) {
  const { key, versions, total, comparison } = output;
  if (total === 0)
    return (
      <ToolLine icon={Info}>
        It has no versions yet.{" "}
        <TabLink dataset={key} tab="versions">
          Record the first
        </TabLink>
      </ToolLine>
    );
  return (
    <>
      <ToolLine icon={Check} tone="ok">
        {plural(total, "version")}
        {" · "}
        <TabLink dataset={key} tab="versions">
          Open them
        </TabLink>
      </ToolLine>
      <ul aria-label="Versions" className="divide-y rounded-card border bg-card text-14">
        {comparison
          ? comparison.tables.map((table) => (
              <li key={table.name} className="px-3 py-2">
                <bdi className="font-medium">{table.name}</bdi>, from version{" "}
                {comparison.older.number} to {comparison.newer.number}: {plural(table.added, "row")}{" "}
                added, {table.removed} removed, {table.changed} changed
              </li>
            ))
          : versions.map((version) => (
              <li key={version.id} className="flex flex-wrap items-baseline gap-x-3 px-3 py-2">
                <span className="min-w-0 flex-1 basis-56 wrap-anywhere">
                  {version.number}. <bdi>{version.message}</bdi>
                </span>
                <span className="text-13 text-muted">{formatTime(version.at)}</span>
              </li>
            ))}
        {comparison?.tables.length === 0 && <li className="px-3 py-2">They are the same.</li>}
      </ul>
    </>
  );
}

function TabLink({
  dataset,
  tab,
  children,
}: {
  dataset: string;
  tab: DatasetTab;
  children: ReactNode;
}) {
  return (
    <Link
      to="/library/$key"
      params={{ key: dataset }}
      search={{ tab }}
      className="text-accent underline-offset-2 hover:underline"
    >
      {children}
    </Link>
  );
}
