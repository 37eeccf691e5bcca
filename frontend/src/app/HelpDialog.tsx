import { Dialog } from "@/ui/Dialog";
import { usePreferences } from "@/ui/preferences";
import { showOverlay } from "./overlay";
import { SHORTCUTS } from "./shortcuts";

export default function HelpDialog() {
  const { shortcuts } = usePreferences();
  return (
    <Dialog open onOpenChange={() => showOverlay(null)} title="Keyboard">
      <dl className="mt-2 divide-y text-14">
        {SHORTCUTS.filter(({ single }) => shortcuts || !single).map(({ keys, does }) => (
          <div key={does} className="flex items-center justify-between gap-4 py-1.5">
            <dt>{does}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <kbd key={key} className="rounded-control border bg-panel px-1.5 font-mono text-12">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-13 text-muted">
        Single keys can be switched off under Settings, Appearance.
      </p>
    </Dialog>
  );
}
