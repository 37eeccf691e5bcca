import { useEffect, useEffectEvent, useRef } from "react";
import { Button } from "@/ui/Button";

interface MoreThreadsProps {
  busy: boolean;
  onMore: () => void;
}

/** The end of the chats that are listed: the next ones come when it is scrolled into sight. */
export function MoreThreads({ busy, onMore }: MoreThreadsProps) {
  const end = useRef<HTMLButtonElement>(null);
  const more = useEffectEvent(onMore);
  useEffect(() => {
    if (busy || !end.current) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) more();
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [busy]);
  return (
    <Button ref={end} variant="ghost" size="sm" className="w-full" disabled={busy} onClick={onMore}>
      {busy ? "Loading…" : "Older chats"}
    </Button>
  );
}
