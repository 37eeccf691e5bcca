import { useMutation, useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Finding, FindingGroup, FindingMember } from "@/api/types";
import { useMediaAccess } from "@/features/tables/useMediaAccess";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { findingQuery, PAGE_GROUPS, type ReportPlace } from "./queries";

interface FindingViewProps {
  place: ReportPlace;
  finding: Finding;
}

/** One finding in a line, and when it is opened all that belongs to it. */
export function FindingView({ place, finding }: FindingViewProps) {
  const [open, setOpen] = useState(false);
  return (
    <details
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="rounded-card border bg-card p-3"
    >
      <summary className="cursor-pointer text-14">{finding.says}</summary>
      {open && <Groups place={place} finding={finding} />}
    </details>
  );
}

function Groups({ place, finding }: FindingViewProps) {
  const [page, setPage] = useState(0);
  const { data, error } = useQuery(findingQuery(place, finding.kind, page));
  const pages = Math.ceil(finding.total / PAGE_GROUPS);
  const allowed = useMediaAccess(place, true);
  if (error) return <ProblemBox problem={asProblem(error)} />;
  if (!data) return <Spinner label="Fetching them…" />;
  return (
    <div className="mt-2 grid grid-cols-1 gap-2">
      <ul className="grid grid-cols-1 gap-2">
        {data.groups.map((group, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: groups have no name, and a page is another list
          <li key={`${page} ${at}`} className="min-w-0 border-t pt-2">
            <Group group={group} address={allowed} revision={place.revision} />
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-2">
        {pages > 1 && (
          <>
            <Button
              size="icon"
              variant="ghost"
              aria-label="Page before"
              disabled={page === 0}
              onClick={() => setPage(page - 1)}
            >
              <ChevronLeft aria-hidden />
            </Button>
            <span className="text-13 text-muted tabular-nums">
              {page + 1} of {pages.toLocaleString("en")}
            </span>
            <Button
              size="icon"
              variant="ghost"
              aria-label="Page after"
              disabled={page >= pages - 1}
              onClick={() => setPage(page + 1)}
            >
              <ChevronRight aria-hidden />
            </Button>
          </>
        )}
        <Export place={place} kind={finding.kind} form="csv" />
        <Export place={place} kind={finding.kind} form="json" />
      </div>
    </div>
  );
}

interface GroupProps {
  group: FindingGroup;
  /** What the addresses of pictures begin with, once the browser may fetch them. */
  address: string | undefined;
  revision: string | undefined;
}

function Group({ group, address, revision }: GroupProps) {
  return (
    <ul className="flex flex-wrap gap-3">
      {group.members.map((member, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two members may be of one image
        <li key={at} className="grid w-40 min-w-0 grid-cols-1 content-start gap-0.5 text-12">
          {address && member.split != null && member.number != null && isImage(member) && (
            <Thumbnail
              address={`${address}samples/${encodeURIComponent(member.split)}/${member.number}/thumbnail${revision ? `?revision=${encodeURIComponent(revision)}` : ""}`}
            />
          )}
          <bdi className="truncate font-mono" title={member.name}>
            {member.name}
          </bdi>
          <span className="text-muted wrap-anywhere">
            {[member.split, member.label, member.note].filter(Boolean).join(" · ")}
          </span>
        </li>
      ))}
      {(group.more ?? 0) > 0 && (
        <li className="self-center text-13 text-muted">
          and {(group.more ?? 0).toLocaleString("en")} more
        </li>
      )}
    </ul>
  );
}

/** Rows of tables have numbers too. */
function isImage({ name }: FindingMember): boolean {
  return !name.startsWith("row ");
}

function Thumbnail({ address }: { address: string }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <span className="py-2 text-muted">It cannot be shown.</span>;
  return (
    <img
      src={address}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setFailed(true)}
      className="h-28 w-40 rounded-control border bg-panel object-contain"
    />
  );
}

function Export({
  place,
  kind,
  form,
}: {
  place: ReportPlace;
  kind: Finding["kind"];
  form: "csv" | "json";
}) {
  const save = useMutation({
    mutationFn: async () => {
      const params = {
        path: { key: place.key, kind },
        query: { revision: place.revision, format: form },
      };
      const text = await answerOf(
        api.GET("/api/datasets/{key}/health/{kind}/export", { params, parseAs: "text" }),
      );
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([String(text)]));
      link.download = `${kind}.${form}`;
      link.click();
      URL.revokeObjectURL(link.href);
    },
  });
  return (
    <>
      <Button size="sm" disabled={save.isPending} onClick={() => save.mutate()}>
        <Download aria-hidden /> {form.toUpperCase()}
      </Button>
      {save.error && <ProblemBox problem={asProblem(save.error)} />}
    </>
  );
}
