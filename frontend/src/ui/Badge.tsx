import { clsx } from "clsx";
import type { ReactNode } from "react";

type Tone = "plain" | "ok" | "warn" | "bad" | "accent";

const TONES: Record<Tone, string> = {
  plain: "text-muted",
  ok: "border-current/40 text-ok",
  warn: "border-current/40 text-warn",
  bad: "border-current/40 text-bad",
  accent: "border-current/40 text-accent",
};

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={clsx(
        "inline-flex max-w-full items-center gap-1 rounded-control border px-1.5 text-12 leading-5 [&_svg]:size-3.5",
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}
