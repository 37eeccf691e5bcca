import { type ReactNode, Suspense } from "react";
import { useSession } from "@/features/accounts/useSession";
import { Tray } from "@/features/downloads/Tray";
import { TraySheet } from "@/features/downloads/TraySheet";
import { lazily } from "@/ui/lazily";
import { useMedia } from "@/ui/useMedia";
import { Banners } from "./Banners";
import { useOverlay } from "./overlay";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import { useLive } from "./useLive";
import { useShortcuts } from "./useShortcuts";

const Palette = lazily(() => import("./Palette"));
const HelpDialog = lazily(() => import("./HelpDialog"));

/**
 * Rail, main, tray; on a narrow page a bar above and a sheet below. Nobody signed in: the rail has the
 * way in, and there is no tray.
 */
export function Frame({ children }: { children: ReactNode }) {
  const signedOut = useSession().status === "signed-out";
  const medium = useMedia("(min-width: 768px)");
  const wide = useMedia("(min-width: 1024px)");
  const overlay = useOverlay();
  useLive();
  useShortcuts(!signedOut);
  return (
    <div className="flex h-full flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded-control bg-card px-3 py-2 focus:not-sr-only focus:absolute focus:m-2"
      >
        Skip to content
      </a>
      {!signedOut && <Banners />}
      <div className="flex min-h-0 flex-1">
        {medium && (
          <div className="w-60 shrink-0 border-r bg-panel">
            <Rail />
          </div>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          {!medium && <TopBar />}
          <main id="main" className="min-h-0 flex-1">
            {children}
          </main>
          {!wide && !signedOut && <TraySheet />}
        </div>
        {wide && !signedOut && <Tray />}
      </div>
      <Suspense fallback={null}>
        {overlay === "palette" && <Palette />}
        {overlay === "help" && <HelpDialog />}
      </Suspense>
    </div>
  );
}
