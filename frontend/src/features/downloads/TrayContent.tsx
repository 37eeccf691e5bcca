import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { storageQuery } from "@/api/queries";
import { formatBytes } from "@/ui/format";
import { JobRow } from "./JobRow";
import { useJobs, useLivePaused } from "./useJobs";

/** Ended jobs that the tray still shows. */
const ENDED = 6;

/** What runs and what ended lately: in the tray beside the page, or in the sheet below it. */
export function TrayContent() {
  const jobs = useJobs().filter((job) => job.kind !== "delete" || job.state !== "succeeded");
  const active = jobs.filter((job) => job.active);
  const ended = jobs.filter((job) => !job.active).slice(0, ENDED);
  const { data: storage } = useQuery(storageQuery);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-3">
        <LiveNote />
        {jobs.length === 0 && (
          <p className="text-14 text-muted">
            Nothing yet. Downloads continue when you leave the chat.
          </p>
        )}
        <ul aria-label="Latest downloads" className="grid grid-cols-1 gap-4">
          {[...active, ...ended].map((job) => (
            <JobRow key={job.id} job={job} narrow />
          ))}
        </ul>
      </div>
      <p className="flex items-center justify-between gap-2 border-t px-4 py-2 text-13 text-muted">
        <Link to="/downloads" className="text-accent hover:underline touch:py-2.5">
          All downloads
        </Link>
        {storage && <span>{formatBytes(storage.free_bytes)} free</span>}
      </p>
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
