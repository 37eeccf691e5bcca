import { clsx } from "clsx";

interface ProgressBarProps {
  /** 0 to 100; null while the end is not known. */
  value: number | null;
  label: string;
  tone?: "accent" | "ok" | "warn" | "bad" | "idle";
}

const TONES = {
  accent: "bg-accent",
  ok: "bg-ok",
  warn: "bg-warn",
  bad: "bg-bad",
  idle: "bg-muted/50",
};

export function ProgressBar({ value, label, tone = "accent" }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.floor(value)}
      className="h-1.5 w-full overflow-hidden rounded-full bg-track"
    >
      <div
        className={clsx(
          "h-full rounded-full transition-[width] duration-200 ease-linear",
          TONES[tone],
          value === null && tone !== "idle" && "animate-pulse",
        )}
        style={{
          width: `${value ?? (tone === "idle" ? 0 : 100)}%`,
          opacity: value === null ? 0.45 : 1,
        }}
      />
    </div>
  );
}
