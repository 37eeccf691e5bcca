import { CloudOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { connection } from "@/api/client";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { useConnection } from "@/ui/useConnection";

/** The one place that says that the server is away; it goes by itself when the server is back. */
export function ConnectionBanner() {
  const up = useConnection();
  const before = useRef(up);
  useEffect(() => {
    if (up && !before.current) announce("Connected again.");
    before.current = up;
  }, [up]);
  return (
    <div role="status">
      {!up && (
        <div className="flex items-center justify-center gap-x-3 border-b border-warn/60 bg-card px-4 py-1 text-14">
          <p className="flex min-w-0 items-center gap-2">
            <CloudOff aria-hidden className="size-4 shrink-0 text-warn" />
            The server cannot be reached. Trying again…
          </p>
          <Button variant="ghost" size="sm" onClick={() => void connection.check()}>
            Try now
          </Button>
        </div>
      )}
    </div>
  );
}
