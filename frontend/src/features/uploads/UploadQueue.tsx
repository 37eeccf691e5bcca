import { X } from "lucide-react";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatBytes } from "@/ui/format";
import { ProgressBar } from "@/ui/ProgressBar";
import type { QueuedFile } from "./useUploadQueue";

const WORDS: Record<QueuedFile["state"], string> = {
  queued: "Waits for its turn",
  sending: "Uploading",
  waiting: "The line is down; it goes on by itself",
  checking: "Looking at it…",
  done: "Uploaded",
  failed: "Not taken",
};

const TONES = {
  queued: "idle",
  sending: "accent",
  waiting: "warn",
  checking: "accent",
  done: "ok",
  failed: "bad",
} as const;

interface UploadQueueProps {
  files: readonly QueuedFile[];
  onRemove: (id: string) => void;
  onClear: () => void;
}

/** Files on their way up, each with how far it is. */
export function UploadQueue({ files, onRemove, onClear }: UploadQueueProps) {
  if (files.length === 0) return null;
  const ended = files.filter(({ state }) => state === "done" || state === "failed").length;
  return (
    <section aria-label="On their way" className="grid grid-cols-1 gap-2">
      <div className="flex items-center justify-between gap-2">
        <h2 className="text-15 font-semibold">On their way</h2>
        {ended > 0 && (
          <Button size="sm" onClick={onClear}>
            Clear those that ended
          </Button>
        )}
      </div>
      <ul className="grid grid-cols-1 divide-y rounded-card border bg-card">
        {files.map((file) => (
          <QueueRow key={file.id} file={file} onRemove={onRemove} />
        ))}
      </ul>
    </section>
  );
}

function QueueRow({ file, onRemove }: { file: QueuedFile; onRemove: (id: string) => void }) {
  const { id, name, size, sent, state, problem } = file;
  const value = state === "failed" ? 100 : size > 0 ? (100 * sent) / size : 0;
  return (
    <li className="grid grid-cols-1 gap-1.5 px-3 py-2">
      <div className="flex items-center gap-3">
        <bdi className="min-w-0 flex-1 truncate text-14 font-medium" title={name}>
          {name}
        </bdi>
        <span className="shrink-0 text-13 text-muted tabular-nums">
          {state === "done" ? formatBytes(size) : `${formatBytes(sent)} of ${formatBytes(size)}`}
        </span>
        <Button
          variant="ghost"
          size="icon"
          aria-label={`${state === "done" || state === "failed" ? "Take off the list" : "Stop"}: ${name}`}
          onClick={() => onRemove(id)}
        >
          <X aria-hidden />
        </Button>
      </div>
      <ProgressBar value={value} label={`Upload of ${name}`} tone={TONES[state]} />
      <p className="flex flex-wrap items-center gap-x-2 text-13 text-muted wrap-anywhere">
        <Badge tone={state === "failed" ? "bad" : state === "done" ? "ok" : "plain"}>
          {WORDS[state]}
        </Badge>
        {problem && `${problem.detail} ${problem.next_step ?? ""}`}
      </p>
    </li>
  );
}
