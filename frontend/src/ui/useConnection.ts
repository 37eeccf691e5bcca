import { useSyncExternalStore } from "react";
import { connection } from "@/api/client";

/** Whether the server can be reached. */
export function useConnection(): boolean {
  return useSyncExternalStore(connection.watch, connection.isUp);
}
