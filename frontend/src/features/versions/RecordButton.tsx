import { useMutation } from "@tanstack/react-query";
import { GitCommitVertical } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";

interface RecordButtonProps {
  name: string;
  disabled: boolean;
  /** The dataset has no version yet. */
  first?: boolean;
}

/** Records what is in the dataset's folder as its next version. */
export function RecordButton({ name, disabled, first = false }: RecordButtonProps) {
  const [open, setOpen] = useState(false);
  const title = first ? "Turn it into a versioned dataset" : "Record a version";
  return (
    <>
      <Button disabled={disabled} onClick={() => setOpen(true)}>
        <GitCommitVertical aria-hidden /> {title}…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={title}>
        <Question name={name} title={title} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

interface QuestionProps {
  name: string;
  title: string;
  onClose: () => void;
}

function Question({ name, title, onClose }: QuestionProps) {
  const [message, setMessage] = useState("");
  const record = useMutation({
    mutationFn: () => {
      const params = { path: { key: name } };
      return answerOf(api.POST("/api/datasets/{key}/versions", { params, body: { message } }));
    },
    onSuccess: () => {
      announce("Recording what is here.");
      onClose();
    },
  });
  return (
    <form
      className="mt-2 grid grid-cols-1 gap-4 text-14"
      onSubmit={(event) => {
        event.preventDefault();
        record.mutate();
      }}
    >
      <p>What is in the dataset's folder now is recorded, also what was changed there by hand.</p>
      <Field
        label="What has changed, and why"
        value={message}
        maxLength={2000}
        autoFocus
        onChange={(event) => setMessage(event.target.value)}
      />
      {record.isError && <ProblemBox title="Not recorded" problem={asProblem(record.error)} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" disabled={record.isPending}>
          {title}
        </Button>
      </div>
    </form>
  );
}
