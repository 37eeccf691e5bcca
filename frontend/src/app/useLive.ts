import { useEffect } from "react";
import { followJobs, onTransition, queryClient } from "@/api/live";
import { useMe } from "@/features/accounts/useSession";
import { announcement } from "@/features/downloads/jobText";
import { announce } from "@/ui/announcer";

/** Keep jobs live while somebody is signed in; announce what changes, and refetch what that affects. */
export function useLive(): void {
  const id = useMe()?.id;
  useEffect(() => (id ? followJobs(id) : undefined), [id]);
  useEffect(
    () =>
      onTransition((job, before) => {
        // A job that was not known is old news, unless it has just begun.
        if (before === undefined && job.state !== "queued") return;
        announce(announcement(job, before));
        if (job.active) return;
        void queryClient.invalidateQueries({ queryKey: ["library"] });
        void queryClient.invalidateQueries({ queryKey: ["storage"] });
        void queryClient.invalidateQueries({ queryKey: ["history"] });
      }),
    [],
  );
}
