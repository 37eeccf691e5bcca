import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import type { SheetState } from "./sheet";

/** Whether all is saved, in words. */
export function SavedState({ state, onAgain }: { state: SheetState; onAgain: () => void }) {
  const { unsaved, waiting, troubles } = state;
  return (
    <p role="status" className="ml-auto flex flex-wrap items-center gap-2 text-13">
      {waiting ? (
        <>
          <span className="text-bad">
            {plural(unsaved, "change")} not saved: {waiting.detail} It is tried again.
          </span>
          <Button size="sm" onClick={onAgain}>
            Save now
          </Button>
        </>
      ) : unsaved > 0 ? (
        <span className="text-muted">Saving…</span>
      ) : troubles.size > 0 ? (
        <span className="text-bad">{plural(troubles.size, "change")} not saved: see below.</span>
      ) : (
        <span className="text-muted">All saved</span>
      )}
    </p>
  );
}
