import { useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetView, SeveralDeletions } from "@/api/types";
import { annotatorsQuery } from "@/features/annotations/queries";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { formatBytes, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";

interface DeleteDialogProps {
  /** Those to ask about; none while closed. */
  datasets: readonly DatasetView[];
  onClose: () => void;
  onDeleted?: () => void;
}

/** Asks before files are deleted, and says how much space that frees. */
export function DeleteDialog({ datasets, onClose, onDeleted }: DeleteDialogProps) {
  const [first] = datasets;
  const title = datasets.length > 1 ? plural(datasets.length, "dataset") : (first?.title ?? "");
  return (
    <Dialog
      open={datasets.length > 0}
      onOpenChange={(open) => !open && onClose()}
      title={`Delete ${title}?`}
      alert
    >
      {datasets.length > 0 && (
        <Question datasets={datasets} onClose={onClose} onDeleted={onDeleted} />
      )}
    </Dialog>
  );
}

/** Datasets whose annotations are counted, with a request each. */
const MOST_COUNTED = 10;

/** What people have drawn outlives the files. */
function AnnotationsStay({ datasets }: Pick<DeleteDialogProps, "datasets">) {
  const found = useQueries({
    queries: datasets
      .slice(0, MOST_COUNTED)
      .map(({ id, revision }) => annotatorsQuery(id, revision || undefined)),
  });
  const drawn = found.reduce((sum, { data }) => sum + (data?.total ?? 0), 0);
  if (datasets.length > MOST_COUNTED) return <p>What people have drawn on their images stays.</p>;
  if (drawn === 0) return null;
  return (
    <p>
      <strong className="font-semibold">{plural(drawn, "annotation")}</strong> of{" "}
      {datasets.length > 1 ? "their" : "its"} images {drawn > 1 ? "stay" : "stays"}, and can be seen
      again once the same revision is downloaded again.
    </p>
  );
}

async function deleteSeveral(datasets: readonly DatasetView[], ask_only: boolean) {
  const named = datasets.map(({ id }) => ({ key: id }));
  return answerOf(
    api.POST("/api/datasets/delete-multiple", { body: { datasets: named, ask_only } }),
  );
}

function Question({ datasets, onClose, onDeleted }: DeleteDialogProps) {
  // Files that others have too are not freed: the server counts.
  const asked = useQuery({
    queryKey: ["deletion", datasets.map(({ id }) => id)],
    queryFn: () => deleteSeveral(datasets, true),
    staleTime: 0,
    gcTime: 0,
  });
  const remove = useMutation({
    mutationFn: () => deleteSeveral(datasets, false),
    onSuccess: (answer) => {
      void queryClient.invalidateQueries({ queryKey: ["library", "page"] });
      if (refusals(answer).length > 0) return;
      announce(`Deleting. ${formatBytes(answer.freed_bytes)} will be free.`);
      onClose();
      onDeleted?.();
    },
  });
  const answer = remove.data ?? asked.data;
  const refused = answer ? refusals(answer) : [];
  const staying = answer ? answer.results.filter(({ stays }) => stays) : [];
  const versions = answer ? answer.results.reduce((sum, one) => sum + (one.versions ?? 0), 0) : 0;
  const titleOf = (key: string) => datasets.find(({ id }) => id === key)?.title;
  const going = datasets.length - refused.length;
  const error = remove.error ?? asked.error;
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      <p>
        {staying.length === datasets.length
          ? `${datasets.length > 1 ? "They" : "It"} will no longer be yours.`
          : `${what(datasets)} will be deleted from this machine, for everybody on it.`}{" "}
        {asked.isPending && <Spinner label="Counting what that frees…" />}
        {asked.data && (
          <>
            This frees{" "}
            <strong className="font-semibold">{formatBytes(asked.data.freed_bytes)}</strong>
            {isShared(datasets, asked.data) && ": the rest belongs to other datasets too"}.
          </>
        )}{" "}
        {datasets.length > 1 ? "They" : "It"} can be downloaded again.
      </p>
      {versions > 0 && (
        <p>
          <strong className="font-semibold">{plural(versions, "recorded version")}</strong>{" "}
          {versions > 1 ? "go" : "goes"} too, and nobody can bring {versions > 1 ? "them" : "it"}{" "}
          back.
        </p>
      )}
      <AnnotationsStay datasets={datasets} />
      <Names datasets={datasets} />
      {refused.length > 0 && (
        <ul className="grid gap-1 text-13">
          {refused.map(({ key, problem }) => (
            <li key={key} className="wrap-anywhere">
              <strong className="font-semibold">{titleOf(key)} stays:</strong> {problem?.detail}{" "}
              {problem?.next_step}
            </li>
          ))}
        </ul>
      )}
      {staying.length > 0 && (
        <ul className="grid gap-1 text-13">
          {staying.map(({ key }) => (
            <li key={key} className="wrap-anywhere">
              <strong className="font-semibold">{titleOf(key)}:</strong> others have asked for it
              too, so its files stay for them.
            </li>
          ))}
        </ul>
      )}
      {error && <ProblemBox problem={asProblem(error)} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{remove.data ? "Close" : "Keep"}</Button>
        {!remove.data && (
          <Button
            variant="danger"
            disabled={remove.isPending || asked.isPending || going === 0}
            onClick={() => remove.mutate()}
          >
            <Trash2 aria-hidden />
            Delete{refused.length > 0 && ` ${going} of ${datasets.length}`}
            {asked.data && `, free ${formatBytes(asked.data.freed_bytes)}`}
          </Button>
        )}
      </div>
    </div>
  );
}

function refusals({ results }: SeveralDeletions) {
  return results.filter(({ problem }) => problem);
}

/** `Its 3 files`, `What has arrived of it`, `Their files`. */
function what([first, ...others]: readonly DatasetView[]): string {
  if (others.length > 0) return "Their files";
  if (!first?.downloaded) return "What has arrived of it";
  return first.file_count == null ? "Its files" : plural(first.file_count, "file");
}

function isShared(datasets: readonly DatasetView[], { freed_bytes, results }: SeveralDeletions) {
  const here = datasets.filter(
    ({ id, downloaded }) =>
      downloaded && !results.some(({ key, problem, stays }) => key === id && (problem || stays)),
  );
  return freed_bytes < here.reduce((sum, { size }) => sum + (size ?? 0), 0);
}

/** So many are named; the rest is counted. */
const NAMED = 5;

function Names({ datasets }: { datasets: readonly DatasetView[] }) {
  const [only, ...others] = datasets;
  if (others.length === 0) {
    return (
      <p className="rounded-control bg-panel px-2 py-1 font-mono text-12 wrap-anywhere">
        {only?.local_path ?? only?.ref}
      </p>
    );
  }
  return (
    <ul className="grid gap-0.5 rounded-control bg-panel px-2 py-1 text-13">
      {datasets.slice(0, NAMED).map(({ id, title }) => (
        <li key={id} className="truncate">
          <bdi>{title}</bdi>
        </li>
      ))}
      {datasets.length > NAMED && (
        <li className="text-muted">and {datasets.length - NAMED} more</li>
      )}
    </ul>
  );
}
