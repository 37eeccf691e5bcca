import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FolderPlus } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { UploadView } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { plural } from "@/ui/format";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { uploadsQuery } from "./queries";

/** As many as one request takes. */
const MOST = 100;
const CHOICES = {
  unlabelled: "Unlabelled",
  NORMAL: "NORMAL",
  PNEUMONIA: "PNEUMONIA",
  out: "Leave out",
} as const;
type Choice = keyof typeof CHOICES;

/** My X-rays as a dataset of the library, in the classes of the chest X-ray dataset. */
export function XrayDataset() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        <FolderPlus aria-hidden /> Make a dataset of them
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="A dataset of your X-rays">
        {open && <XrayDatasetForm onClose={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function XrayDatasetForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("Chest X-rays");
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const { data, error } = useQuery(uploadsQuery("xray", MOST));
  const usable = data?.uploads.filter(isUsable) ?? [];
  const images = usable.flatMap(({ id }) => {
    const choice = choices.get(id) ?? "unlabelled";
    if (choice === "out") return [];
    return [{ id, class_name: choice === "unlabelled" ? null : choice }];
  });
  const make = useMutation({
    mutationFn: () => answerOf(api.POST("/api/uploads/xray/dataset", { body: { name, images } })),
    onSuccess: ({ key }) => navigate({ to: "/library/$key", params: { key } }),
  });
  if (error) return <ProblemBox problem={asProblem(error)} />;
  if (!data) return <Spinner label="Loading…" />;
  return (
    <form
      className="grid grid-cols-1 gap-3 pt-3 text-14"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <p>
        The pictures are drawn anew, without names and metadata, into the folders NORMAL, PNEUMONIA
        and unlabelled. You alone see the dataset.{" "}
        <strong>In the library they are no longer encrypted</strong>, and they stay there when you
        delete the uploads.
      </p>
      <Field
        label="Name"
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <ul
        aria-label="X-rays"
        className="grid max-h-72 grid-cols-1 divide-y overflow-y-auto rounded-card border"
      >
        {usable.map((upload) => (
          <li key={upload.id} className="px-3 py-2">
            <Picker
              label={upload.original_filename}
              className="w-36! shrink-0"
              value={choices.get(upload.id) ?? "unlabelled"}
              onChoose={(choice) => setChoices(new Map(choices).set(upload.id, choice as Choice))}
            >
              {Object.entries(CHOICES).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Picker>
          </li>
        ))}
      </ul>
      <Remarks shown={data.uploads.length} usable={usable.length} total={data.total} />
      {make.isError && <ProblemBox problem={asProblem(make.error)} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="primary" type="submit" disabled={!images.length || make.isPending}>
          Make a dataset of {plural(images.length, "X-ray")}
        </Button>
      </div>
    </form>
  );
}

function Remarks({ shown, usable, total }: { shown: number; usable: number; total: number }) {
  const said = [
    shown > usable &&
      `${plural(shown - usable, "image")} may have text in the pixels, or are not ready: look at them first.`,
    total > shown && `These are the newest ${shown} of ${total}.`,
  ].filter(Boolean);
  return said.length > 0 && <p className="text-13 text-muted">{said.join(" ")}</p>;
}

function isUsable({ processing_status: status }: UploadView): boolean {
  return status === "ready" || status === "analyzed";
}
