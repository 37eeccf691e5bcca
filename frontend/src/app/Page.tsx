import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { connection, session } from "@/api/client";
import { followConnection } from "@/api/live";
import { ConnectionBanner } from "./ConnectionBanner";

/** What every screen stands in, whoever is signed in. */
export function Page() {
  const router = useRouter();
  useEffect(followConnection, []);
  useEffect(
    () =>
      connection.watch(() => {
        if (!connection.isUp() || session.state.status !== "unknown") return;
        // The server was away when the page was opened: now it can say who is signed in.
        session.restore().then(
          () => router.invalidate(),
          () => undefined,
        );
      }),
    [router],
  );
  return (
    <div className="flex h-dvh flex-col">
      <ConnectionBanner />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Outlet />
      </div>
    </div>
  );
}
