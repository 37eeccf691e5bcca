import { ChevronUp, Download } from "lucide-react";
import { LazyDialog } from "@/ui/LazyDialog";
import { useOpenHere } from "@/ui/useOpenHere";
import { TrayContent } from "./TrayContent";
import { activityText, useActivity, useJobs, useLivePaused } from "./useJobs";

/** The tray on a narrow page: a line below it that opens a sheet. */
export function TraySheet() {
  const [open, setOpen] = useOpenHere();
  const activity = useActivity();
  const jobs = useJobs();
  const paused = useLivePaused();
  if (jobs.length === 0) return null;
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className="flex min-h-11 w-full items-center gap-2 border-t bg-panel px-4 text-14"
      >
        <Download aria-hidden className="size-4 text-accent" />
        <span className="flex-1 text-left">
          {activityText(activity) ?? "Downloads"}
          {paused && <span className="text-warn"> · reconnecting…</span>}
        </span>
        <ChevronUp aria-hidden className="size-4 text-muted" />
      </button>
      <LazyDialog open={open} onOpenChange={setOpen} title="Downloads" place="bottom">
        <TrayContent />
      </LazyDialog>
    </>
  );
}
