import { useMutation, useQuery } from "@tanstack/react-query";
import { FileCode, Undo2 } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { Checkbox } from "@/features/library/Checkbox";
import { announce } from "@/ui/announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { CodeBlock } from "@/ui/CodeBlock";
import { Dialog } from "@/ui/Dialog";
import { formatBytes, formatTime, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { type VersionView, versionQuery } from "./queries";

interface VersionListProps {
  name: string;
  versions: readonly VersionView[];
  /** Ids of those that are compared. */
  chosen: readonly string[];
  onChoose: (chosen: readonly string[]) => void;
  mayWrite: boolean;
}

/** A dataset's versions, newest first. */
export function VersionList({ name, versions, chosen, onChoose, mayWrite }: VersionListProps) {
  const [shown, setShown] = useState<VersionView>();
  const [going, setGoing] = useState<VersionView>();
  function choose(id: string, on: boolean) {
    // The one that was chosen first makes room for a third.
    onChoose(on ? [...chosen, id].slice(-2) : chosen.filter((one) => one !== id));
  }
  return (
    <>
      <ul className="grid grid-cols-1 divide-y rounded-card border">
        {versions.map((version) => (
          <li key={version.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
            <Checkbox
              label={`Compare version ${version.number}`}
              checked={chosen.includes(version.id)}
              onToggle={() => choose(version.id, !chosen.includes(version.id))}
            />
            <Told version={version} />
            <span className="flex gap-1">
              <Button
                size="sm"
                variant="ghost"
                aria-label={`Index file of version ${version.number}`}
                title="Index file"
                onClick={() => setShown(version)}
              >
                <FileCode aria-hidden />
              </Button>
              {mayWrite && !version.current && (
                <Button
                  size="sm"
                  aria-label={`Restore version ${version.number}`}
                  onClick={() => setGoing(version)}
                >
                  <Undo2 aria-hidden /> Restore…
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
      <Dialog
        open={shown !== undefined}
        onOpenChange={(open) => !open && setShown(undefined)}
        title={`Version ${shown?.number}: index.py`}
        place="full"
      >
        {shown && <IndexFile name={name} version={shown} />}
      </Dialog>
      <Dialog
        open={going !== undefined}
        onOpenChange={(open) => !open && setGoing(undefined)}
        title={`Restore version ${going?.number}?`}
        alert
      >
        {going && <Question name={name} version={going} onClose={() => setGoing(undefined)} />}
      </Dialog>
    </>
  );
}

function Told({ version }: { version: VersionView }) {
  return (
    <span className="min-w-0 flex-1 basis-56">
      <span dir="auto" className="line-clamp-2 text-14 font-medium wrap-anywhere">
        {version.message}
      </span>
      <span className="flex flex-wrap items-center gap-x-2 text-13 text-muted wrap-anywhere">
        <span>
          {version.number} · <span className="font-mono text-12">{version.short}</span>
        </span>
        <bdi>{version.author}</bdi>
        <span className="tabular-nums">{formatTime(version.at)}</span>
        <span className="tabular-nums">
          {plural(version.rows, "row")}, {plural(version.file_count, "file")},{" "}
          {formatBytes(version.size_bytes)}
        </span>
        <span className="tabular-nums">{changes(version)}</span>
        {version.current && <Badge tone="ok">Here</Badge>}
      </span>
    </span>
  );
}

/** How its files differ from those of the version before. */
export function changes({ added, removed, changed }: VersionView): string {
  const told = [
    added > 0 && `${added.toLocaleString("en")} added`,
    removed > 0 && `${removed.toLocaleString("en")} removed`,
    changed > 0 && `${changed.toLocaleString("en")} changed`,
  ];
  return told.filter(Boolean).join(", ");
}

function IndexFile({ name, version }: { name: string; version: VersionView }) {
  const detail = useQuery(versionQuery(name, version.id));
  if (detail.isError) return <ProblemBox problem={asProblem(detail.error)} />;
  if (!detail.data) return <Spinner label="Reading it…" />;
  return <CodeBlock code={detail.data.index_file} what="Index file" className="mt-3" />;
}

interface QuestionProps {
  name: string;
  version: VersionView;
  onClose: () => void;
}

function Question({ name, version, onClose }: QuestionProps) {
  const restore = useMutation({
    mutationFn: () => {
      const params = { path: { key: name, version: version.id } };
      const body = { message: "" };
      return answerOf(api.POST("/api/datasets/{key}/versions/{version}/restore", { params, body }));
    },
    onSuccess: () => {
      announce(`Bringing version ${version.number} back.`);
      onClose();
    },
  });
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      <p>
        The library gets the {plural(version.file_count, "file")} of “
        <bdi className="wrap-anywhere">{version.message.slice(0, 200)}</bdi>” back, for everybody,
        once they are verified. That becomes the newest version; all others stay. What was changed
        in the folder and is in no version is lost: record it first.
      </p>
      {restore.isError && <ProblemBox title="Not restored" problem={asProblem(restore.error)} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep what is here</Button>
        <Button variant="primary" disabled={restore.isPending} onClick={() => restore.mutate()}>
          Restore version {version.number}
        </Button>
      </div>
    </div>
  );
}
