import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { appQuery } from "@/api/queries";
import { store } from "@/api/storage";
import { useMe } from "@/features/accounts/useSession";
import { ScreenLink } from "@/ui/ScreenLink";

/** What is true of the whole installation, said quietly above everything. */
export function Banners() {
  const { data: app } = useQuery(appQuery);
  const me = useMe();
  const demo = app?.demo === true;
  const offline = app?.model === "planner";
  useEffect(() => {
    if (!app) return;
    const notes = [demo && "demo", offline && "no-model", offline && me?.admin && "admin"];
    const shown = notes.filter(Boolean).join(" ");
    store("frame", shown ? `banner ${shown}` : null);
  }, [app, demo, offline, me?.admin]);
  if (!demo && !offline) return null;
  return (
    <aside
      aria-label="About this installation"
      className="flex flex-wrap justify-center gap-x-4 border-b bg-panel px-4 py-1 text-center text-13 text-muted"
    >
      {demo && (
        <p>
          <strong className="font-semibold text-fg">Demo</strong> · the hubs are small stand-ins on
          this machine
        </p>
      )}
      {offline && (
        <p>
          No model: keyword search
          {me?.admin && (
            <>
              {" · "}
              <ScreenLink screen="/settings/model" className="underline underline-offset-2">
                Use a model
              </ScreenLink>
            </>
          )}
        </p>
      )}
    </aside>
  );
}
