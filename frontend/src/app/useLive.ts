import { useEffect } from "react";
import { isActive } from "@/api/jobs";
import { followJobs, onTransition, queryClient } from "@/api/live";
import { useMe } from "@/features/accounts/useSession";
import { announcement } from "@/features/downloads/jobText";
import { announce } from "@/ui/announcer";

/** Keep jobs live while somebody is signed in; say what changes, and read anew what that touches. */
export function useLive(): void {
  const id = useMe()?.id;
  useEffect(() => (id ? followJobs(id) : undefined), [id]);
  useEffect(
    () =>
      onTransition((job, before) => {
        // A job that was not known is old news, unless it has just begun.
        if (before === undefined && job.state !== "queued") return;
        announce(announcement(job, before));
        if (isActive(job)) return;
        void queryClient.invalidateQueries({ queryKey: ["library"] });
        void queryClient.invalidateQueries({ queryKey: ["storage"] });
      }),
    [],
  );
}
