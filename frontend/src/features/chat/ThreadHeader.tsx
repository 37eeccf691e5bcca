import { Share2 } from "lucide-react";
import { type ReactNode, Suspense, useState } from "react";
import { Button } from "@/ui/Button";
import { lazily } from "@/ui/lazily";

const ShareChat = lazily(() => import("./ShareChat"));

interface ThreadHeaderProps {
  title: string;
  children: ReactNode;
}

/** The line above a conversation: what it is called, and what can be done with the whole of it. */
export function ThreadHeader({ title, children }: ThreadHeaderProps) {
  return (
    <header className="flex min-h-11 items-center justify-between gap-2 border-b px-4 py-1">
      <h1 dir="auto" className="min-w-0 truncate text-14 font-medium">
        {title}
      </h1>
      <div className="flex shrink-0 items-center gap-2">{children}</div>
    </header>
  );
}

interface ShareThreadButtonProps {
  id: string;
  title: string;
  shared: boolean;
}

export function ShareThreadButton({ id, title, shared }: ShareThreadButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="ghost" size="sm" onClick={() => setOpen(true)}>
        <Share2 aria-hidden /> {shared ? "Shared" : "Share…"}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <ShareChat id={id} title={title} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
