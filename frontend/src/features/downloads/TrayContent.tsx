import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { storageQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { formatBytes } from "@/ui/format";
import { useConnection } from "@/ui/useConnection";
import { JobRow } from "./JobRow";
import { byChange, isListed } from "./jobOrder";
import { useMarkSeen } from "./seen";
import { useClearDone } from "./useBulk";
import { useJobs, useLivePaused } from "./useJobs";

/** Ended jobs that the tray still shows. */
const ENDED = 6;

/** What runs and what ended lately: in the tray beside the page, or in the sheet below it. */
export function TrayContent() {
  const jobs = useJobs();
  const up = useConnection();
  useMarkSeen(jobs);
  const listed = useMemo(() => jobs.filter(isListed).sort(byChange), [jobs]);
  const ended = listed.filter((job) => !job.active);
  const shown = listed.filter((job) => job.active).concat(ended.slice(0, ENDED));
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
        <LiveNote />
        {shown.length === 0 && up && (
          <p className="text-14 text-muted">
            Nothing yet. Downloads continue when you leave the chat.
          </p>
        )}
        <ul aria-label="Latest downloads" className="grid grid-cols-1 gap-3">
          {shown.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
        <Ended more={ended.length - ENDED} />
      </div>
      <TrayFooter />
    </div>
  );
}

/** Below what ended lately: how much more there is, and how to be rid of it. */
function Ended({ more }: { more: number }) {
  const { done, clear } = useClearDone(useJobs());
  if (more <= 0 && done.length === 0) return null;
  return (
    <p className="mt-3 flex min-h-7 items-center justify-between gap-2 text-12 text-muted">
      <span>{more > 0 && `and ${more} that ended before`}</span>
      {done.length > 0 && (
        <Button variant="ghost" size="sm" disabled={clear.isPending} onClick={() => clear.mutate()}>
          Clear done
        </Button>
      )}
    </p>
  );
}

function TrayFooter() {
  const { data: storage } = useQuery(storageQuery);
  return (
    <p className="flex items-center justify-between gap-2 border-t px-4 py-2 text-13 text-muted">
      <Link to="/downloads" className="text-accent hover:underline touch:py-2.5">
        All downloads
      </Link>
      {storage && <span>{formatBytes(storage.free_bytes)} free</span>}
    </p>
  );
}

function LiveNote() {
  const up = useConnection();
  // A server that is away is told above everything.
  const paused = useLivePaused() && up;
  return (
    <p role="status" className={paused ? "mb-3 text-13 text-warn" : "sr-only"}>
      {paused && "Live updates paused, reconnecting…"}
    </p>
  );
}
