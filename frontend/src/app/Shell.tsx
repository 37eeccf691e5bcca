import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { queryClient } from "@/api/live";
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
  const navigate = useNavigate();
  const here = useLocation({ select: ({ href }) => href });
  const id = useMe()?.id;
  // Nobody yet, where the server was away when the page was opened.
  const begunAs = useRef(id);
  useEffect(() => {
    begunAs.current ??= id;
    if (id !== undefined && id !== begunAs.current) location.replace("/");
  }, [id]);
  useEffect(() => {
    if (status !== "signed-out") return;
    const next = begunAs.current === undefined && here !== "/" ? here : undefined;
    void navigate({ to: "/login", search: { next } }).then(() => queryClient.clear());
  }, [status, here, navigate]);
}
