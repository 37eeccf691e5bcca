import { Download, PanelRightClose, PanelRightOpen } from "lucide-react";
import { Button } from "@/ui/Button";
import { setPreference, usePreferences } from "@/ui/preferences";
import { TrayContent } from "./TrayContent";
import { activityText, useActivity, useIsListShown } from "./useJobs";

/** The download tray at the right of a wide page; not beside the list of all downloads. */
export function Tray() {
  return useIsListShown() ? null : <OpenOrClosed />;
}

/** Closed, it is a narrow strip with a number. */
function OpenOrClosed() {
  const { tray: open } = usePreferences();
  const activity = useActivity();
  if (!open) {
    return (
      <aside
        aria-label="Downloads"
        className="flex h-full w-12 flex-col items-center gap-2 border-l bg-panel py-3"
      >
        <Button
          variant="ghost"
          size="icon"
          aria-expanded={false}
          aria-label="Open the downloads"
          title="Open the downloads"
          onClick={() => setPreference("tray", true)}
        >
          <PanelRightOpen aria-hidden />
        </Button>
        {activity.going > 0 && (
          <span className="flex flex-col items-center gap-1 text-12 text-muted">
            <Download aria-hidden className="size-4" />
            {activity.going}
            <span className="sr-only"> downloading</span>
          </span>
        )}
      </aside>
    );
  }
  return (
    <aside aria-label="Downloads" className="flex h-full w-76 flex-col border-l bg-panel">
      <div className="flex items-center justify-between gap-2 py-2 pr-2 pl-4">
        <h2 className="text-14 font-semibold">
          Downloads{" "}
          <span className="font-normal text-muted">{activityText(activity, "active")}</span>
        </h2>
        <Button
          variant="ghost"
          size="icon"
          aria-expanded={true}
          aria-label="Close the downloads"
          title="Close the downloads"
          onClick={() => setPreference("tray", false)}
        >
          <PanelRightClose aria-hidden />
        </Button>
      </div>
      <TrayContent />
    </aside>
  );
}
