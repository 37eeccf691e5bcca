import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface ToolLineProps {
  icon: LucideIcon;
  tone?: "ok" | "bad";
  children: ReactNode;
}

/** The one line above what a tool gave. */
export function ToolLine({ icon: Icon, tone, children }: ToolLineProps) {
  const colour = tone === "bad" ? "text-bad" : tone === "ok" ? "text-ok" : "";
  return (
    <p className="flex min-w-0 items-start gap-2 text-14 text-muted">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${colour}`} />
      <span className="min-w-0 wrap-anywhere">{children}</span>
    </p>
  );
}
