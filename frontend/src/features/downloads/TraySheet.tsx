import { ChevronUp, Download } from "lucide-react";
import { LazyDialog } from "@/ui/LazyDialog";
import { useConnection } from "@/ui/useConnection";
import { useOpenHere } from "@/ui/useOpenHere";
import { useUnseen } from "./seen";
import { TrayContent } from "./TrayContent";
import {
  activityText,
  endedText,
  useActivity,
  useIsListShown,
  useJobs,
  useLivePaused,
} from "./useJobs";

/** The tray on a narrow page: a line below it that opens a sheet, while there is something to tell. */
export function TraySheet() {
  const [open, setOpen] = useOpenHere();
  const activity = useActivity();
  const unseen = useUnseen(useJobs());
  const up = useConnection();
  // A server that is away is told above everything.
  const paused = useLivePaused() && up;
  const listShown = useIsListShown();
  const text = activityText(activity) ?? endedText(unseen);
  // Not taken away while the sheet is open: what is looked at is no longer unseen.
  if (listShown || (!text && !open)) return null;
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
          {text ?? "Downloads"}
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
