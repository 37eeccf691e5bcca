import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { Dialog } from "@/ui/Dialog";
import { plural } from "@/ui/format";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { AgreementView } from "./AgreementView";
import { ExportButtons } from "./ExportButtons";
import { annotatorsQuery } from "./queries";

interface AnnotationsDialogProps {
  place: { key: string; revision?: string };
  onClose: () => void;
  /** Show an image of a split. */
  onOpen: (split: string, image: number) => void;
}

/** Who has annotated a dataset, their export, and how far two of them agree. */
export default function AnnotationsDialog({ place, onClose, onOpen }: AnnotationsDialogProps) {
  const { key, revision } = place;
  const { data, error } = useQuery({ ...annotatorsQuery(key, revision), staleTime: 0 });
  const [author, setAuthor] = useState("");
  const people = data?.people.flatMap(({ email }) => email ?? []) ?? [];
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()} title="Annotations">
      <div className="grid grid-cols-1 gap-4 pt-3 text-14">
        {error && <ProblemBox problem={asProblem(error)} />}
        {!data && !error && <Spinner label="Counting…" />}
        {data?.total === 0 && (
          <p>
            Nobody has annotated it yet. Open an image and choose Annotate: boxes and labels are
            saved with your address and the time, and all who see this dataset see them.
          </p>
        )}
        {data && data.total > 0 && (
          <>
            <ul className="divide-y rounded-card border">
              {data.people.map(({ email, mine, annotations, images }) => (
                <li key={email ?? ""} className="flex flex-wrap justify-between gap-2 px-3 py-2">
                  <span className="wrap-anywhere">
                    {email ?? "An account that is gone"}
                    {mine && " (you)"}
                  </span>
                  <span className="text-muted tabular-nums">
                    {plural(annotations, "annotation")} on {plural(images, "image")}
                  </span>
                </li>
              ))}
            </ul>
            <Picker label="Of" value={author} onChoose={setAuthor}>
              <option value="">Everybody</option>
              {people.map((email) => (
                <option key={email}>{email}</option>
              ))}
            </Picker>
            <ExportButtons of={{ of: "dataset", key, revision }} author={author || undefined} />
            {people.length > 1 && (
              <AgreementView
                place={place}
                people={people}
                onOpen={(split, image) => {
                  onClose();
                  onOpen(split, image);
                }}
              />
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}
