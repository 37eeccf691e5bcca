import { useSyncExternalStore } from "react";
import { session } from "@/api/client";
import type { SessionState } from "@/api/session";
import type { UserView } from "@/api/types";

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, () => session.state);
}

/** Who is signed in; null on the screens before that. */
export function useMe(): UserView | null {
  const state = useSession();
  return state.status === "signed-in" ? state.user : null;
}
