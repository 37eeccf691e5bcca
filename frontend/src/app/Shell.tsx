import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { queryClient } from "@/api/live";
import { useMe, useSession } from "@/features/accounts/useSession";
import { Tray } from "@/features/downloads/Tray";
import { TraySheet } from "@/features/downloads/TraySheet";
import { useMedia } from "@/ui/useMedia";
import { Banners } from "./Banners";
import { useOverlay } from "./overlay";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import { useLive } from "./useLive";
import { useShortcuts } from "./useShortcuts";

const Palette = lazy(() => import("./Palette"));
const HelpDialog = lazy(() => import("./HelpDialog"));

/** The frame of every screen: rail, main, tray; on a narrow page a bar above and a sheet below. */
export function Shell() {
  const medium = useMedia("(min-width: 768px)");
  const wide = useMedia("(min-width: 1024px)");
  const overlay = useOverlay();
  useLive();
  useShortcuts();
  useLeaveWhenSignedOut();
  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded-control bg-card px-3 py-2 focus:not-sr-only focus:absolute focus:m-2"
      >
        Skip to content
      </a>
      <Banners />
      <div className="flex min-h-0 flex-1">
        {medium && (
          <div className="w-60 shrink-0 border-r bg-panel">
            <Rail />
          </div>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          {!medium && <TopBar />}
          <main id="main" className="min-h-0 flex-1">
            <Outlet />
          </main>
          {!wide && <TraySheet />}
        </div>
        {wide && <Tray />}
      </div>
      <Suspense fallback={null}>
        {overlay === "palette" && <Palette />}
        {overlay === "help" && <HelpDialog />}
      </Suspense>
    </div>
  );
}

/** The session ended, or became another person's in another tab: nothing of it stays on the page. */
function useLeaveWhenSignedOut(): void {
  const { status } = useSession();
  const navigate = useNavigate();
  const id = useMe()?.id;
  const begunAs = useRef(id);
  useEffect(() => {
    if (id !== undefined && id !== begunAs.current) location.replace("/");
  }, [id]);
  useEffect(() => {
    if (status !== "signed-out") return;
    void navigate({ to: "/login" }).then(() => queryClient.clear());
  }, [status, navigate]);
}
