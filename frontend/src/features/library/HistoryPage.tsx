import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FileDown, History, Trash2 } from "lucide-react";
import { useState } from "react";
import { answerOf, api, sendAsMe } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { EmptyState } from "@/ui/EmptyState";
import { Field } from "@/ui/Field";
import { formatBytes, formatTime, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { saveAs } from "@/ui/saveAs";
import { useDebounced } from "@/ui/useDebounced";
import { LibraryTabs } from "./LibraryTabs";
import { type HistoryEntry, historyQuery } from "./retention";

const WORDS: Record<HistoryEntry["kind"], string> = {
  download: "Downloaded",
  update: "Updated",
  delete: "Deleted",
  cleanup: "Removed by the clean-up",
};

/** `/library/history`: what I downloaded, also when it is gone. */
export default function HistoryPage() {
  const [q, setQ] = useState("");
  const found = useDebounced(q.trim(), 200);
  const pages = useInfiniteQuery(historyQuery(found ? { q: found } : {}));
  const entries = pages.data?.pages.flatMap((page) => page.entries) ?? [];
  const total = pages.data?.pages[0]?.total ?? 0;
  const bare = pages.isSuccess && total === 0 && !found;
  return (
    <Screen wide title="Library">
      <LibraryTabs />
      {pages.isError && <ProblemBox problem={asProblem(pages.error)} />}
      {pages.isPending && <Spinner label="Loading…" />}
      {bare && (
        <EmptyState icon={History} title="No history yet">
          What you download is listed here, and stays listed when it is gone. Nobody else sees it.
        </EmptyState>
      )}
      {pages.isSuccess && !bare && (
        <div className="grid grid-cols-1 gap-3">
          <div className="flex flex-wrap items-end justify-between gap-2">
            <div className="w-full max-w-72">
              <Field label="Find" type="search" value={q} onChange={(e) => setQ(e.target.value)} />
            </div>
            <Acts />
          </div>
          <Entries entries={entries} />
          <p className="flex items-center gap-3 text-13 text-muted" role="status">
            {entries.length.toLocaleString("en")} of {plural(total, "entry", "entries")}
            {pages.hasNextPage && (
              <Button
                size="sm"
                disabled={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                Show more
              </Button>
            )}
          </p>
        </div>
      )}
    </Screen>
  );
}

function Entries({ entries }: { entries: readonly HistoryEntry[] }) {
  return (
    <ul className="grid grid-cols-1 divide-y rounded-card border">
      {entries.map((entry) => (
        <li key={entry.job_id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3 py-2">
          <span className="min-w-0 flex-1 basis-56">
            <Link
              to="/library/$key"
              params={{ key: entry.key }}
              dir="auto"
              className="block truncate text-14 font-medium underline-offset-2 hover:underline"
            >
              {entry.title}
            </Link>
            <bdi className="block truncate font-mono text-12 text-muted">
              {entry.ref}
              {entry.revision && ` @ ${entry.revision.slice(0, 10)}`}
            </bdi>
          </span>
          <Badge tone={entry.state === "failed" ? "bad" : "plain"}>
            {entry.state === "failed" ? "Failed" : WORDS[entry.kind]}
          </Badge>
          <span className="text-13 text-muted tabular-nums">
            {entry.size_bytes != null && `${formatBytes(entry.size_bytes)} · `}
            {formatTime(entry.at)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Acts() {
  const [asking, setAsking] = useState(false);
  const save = useMutation({
    mutationFn: async (format: "csv" | "json") => {
      const response = await sendAsMe(`/api/history/export?format=${format}`);
      saveAs(await response.blob(), `dataferry-history.${format}`);
    },
    onError: (error) => announce(`Not saved: ${asProblem(error).detail}`),
  });
  return (
    <div className="flex flex-wrap gap-2">
      {(["csv", "json"] as const).map((format) => (
        <Button key={format} disabled={save.isPending} onClick={() => save.mutate(format)}>
          <FileDown aria-hidden /> {format.toUpperCase()}
        </Button>
      ))}
      <Button onClick={() => setAsking(true)}>
        <Trash2 aria-hidden /> Delete history…
      </Button>
      <Dialog open={asking} onOpenChange={setAsking} title="Delete your history?" alert>
        <ClearQuestion onClose={() => setAsking(false)} />
      </Dialog>
    </div>
  );
}

function ClearQuestion({ onClose }: { onClose: () => void }) {
  const clear = useMutation({
    mutationFn: () => answerOf(api.DELETE("/api/history")),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ["history"] });
      onClose();
    },
  });
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      <p>All of its entries go. The datasets stay as they are. This cannot be undone.</p>
      {clear.isError && <ProblemBox problem={asProblem(clear.error)} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep</Button>
        <Button variant="danger" disabled={clear.isPending} onClick={() => clear.mutate()}>
          Delete history
        </Button>
      </div>
    </div>
  );
}
