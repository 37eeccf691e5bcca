import { useMutation } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { DatasetView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { formatBytes, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";

interface DeleteDialogProps {
  /** The dataset to ask about; null while closed. */
  dataset: DatasetView | null;
  onClose: () => void;
  onDeleted?: () => void;
}

/** Asks before files are deleted, and says how much space that frees. */
export function DeleteDialog({ dataset, onClose, onDeleted }: DeleteDialogProps) {
  const remove = useMutation({
    mutationFn: ({ key, revision }: DatasetView) =>
      answerOf(
        api.DELETE("/api/datasets/{key}/data", {
          params: { path: { key }, query: revision ? { revision } : {} },
        }),
      ),
    onSuccess: (deletion) => {
      announce(`Deleting. ${formatBytes(deletion.freed_bytes)} will be free.`);
      onClose();
      onDeleted?.();
    },
  });

  function close() {
    remove.reset();
    onClose();
  }

  return (
    <Dialog
      open={dataset !== null}
      onOpenChange={(open) => !open && close()}
      title={`Delete ${dataset?.title ?? ""}?`}
      alert
    >
      {dataset && (
        <div className="mt-2 grid grid-cols-1 gap-4 text-14">
          <p>
            {dataset.file_count == null ? "Its files" : plural(dataset.file_count, "file")} will be
            deleted from this machine, for everybody on it.
            {dataset.size != null && (
              <>
                {" "}
                This frees <strong className="font-semibold">{formatBytes(dataset.size)}</strong>.
              </>
            )}{" "}
            It can be downloaded again.
          </p>
          <p className="rounded-control bg-panel px-2 py-1 font-mono text-12 wrap-anywhere">
            {dataset.local_path}
          </p>
          {remove.isError && <ProblemBox problem={asProblem(remove.error)} />}
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Keep</Button>
            <Button
              variant="danger"
              disabled={remove.isPending}
              onClick={() => remove.mutate(dataset)}
            >
              <Trash2 aria-hidden />
              Delete{dataset.size != null && `, free ${formatBytes(dataset.size)}`}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
