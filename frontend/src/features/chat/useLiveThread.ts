import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { jobSocket } from "@/api/live";
import { chatQuery } from "@/api/queries";

/** An answer that grows says so twice a second: it is read again not more often than this. */
const LEAST_PAUSE_MS = 1000;

/** Read somebody else's chat again whenever there is something new in it, or it is shared no longer. */
export function useLiveThread(id: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      void client.invalidateQueries({ queryKey: chatQuery(id).queryKey });
    };
    const stop = jobSocket.followChanges(`chat:${id}`, () => {
      timer ??= setTimeout(read, LEAST_PAUSE_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client, id]);
}
