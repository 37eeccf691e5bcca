import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { queryClient } from "@/api/live";
import { isComingBack } from "@/api/words";
import { useMe, useSession } from "@/features/accounts/useSession";
import { Frame } from "./Frame";

/** The frame of every screen that needs somebody signed in. */
export function Shell() {
  useLeaveWhenSignedOut();
  return (
    <Frame>
      <Outlet />
    </Frame>
  );
}

/** The session ended, or became another person's in another tab: nothing of it stays on the page. */
function useLeaveWhenSignedOut(): void {
  const { status } = useSession();
  const router = useRouter();
  const id = useMe()?.id;
  // Nobody yet, where the server was away when the page was opened.
  const begunAs = useRef(id);
  useEffect(() => {
    begunAs.current ??= id;
    if (id !== undefined && id !== begunAs.current) location.replace("/");
  }, [id]);
  useEffect(() => {
    if (status !== "signed-out") return;
    // Read, not followed: on the way to the sign-in it changes.
    const here = router.latestLocation.href;
    const returns = begunAs.current === undefined || isComingBack();
    const next = returns && here !== "/" ? here : undefined;
    void router.navigate({ to: "/login", search: { next } }).then(() => queryClient.clear());
  }, [status, router]);
}
