import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { storageQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { formatBytes } from "@/ui/format";
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
  useMarkSeen(jobs);
  const listed = useMemo(() => jobs.filter(isListed).sort(byChange), [jobs]);
  const ended = listed.filter((job) => !job.active);
  const shown = listed.filter((job) => job.active).concat(ended.slice(0, ENDED));
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
        <LiveNote />
        {shown.length === 0 && (
          <p className="text-14 text-muted">
            Nothing yet. Downloads continue when you leave the chat.
          </p>
        )}
        <ul aria-label="Latest downloads" className="grid grid-cols-1 gap-3">
          {shown.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
        {ended.length > ENDED && (
          <p className="mt-3 text-12 text-muted">and {ended.length - ENDED} that ended before</p>
        )}
      </div>
      <TrayFooter />
    </div>
  );
}

function TrayFooter() {
  const { data: storage } = useQuery(storageQuery);
  const { done, clear } = useClearDone(useJobs());
  return (
    <div className="flex min-h-11 items-center gap-3 border-t px-4 text-13 text-muted">
      <Link to="/downloads" className="text-accent hover:underline touch:py-2.5">
        All downloads
      </Link>
      {storage && <span className="flex-1">{formatBytes(storage.free_bytes)} free</span>}
      {done.length > 0 && (
        <Button variant="ghost" size="sm" disabled={clear.isPending} onClick={() => clear.mutate()}>
          Clear done
        </Button>
      )}
    </div>
  );
}

function LiveNote() {
  const paused = useLivePaused();
  return (
    <p role="status" className={paused ? "mb-3 text-13 text-warn" : "sr-only"}>
      {paused && "Live updates paused, reconnecting…"}
    </p>
  );
}
