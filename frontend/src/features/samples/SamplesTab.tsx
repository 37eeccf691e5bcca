import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { SquarePen, Upload } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { SampleClass, SamplePage, SampleSplit } from "@/api/types";
import type { DatasetSearch } from "@/features/library/datasetSearch";
import { useDatasetSearch } from "@/features/library/useDatasetSearch";
import type { TablesPlace } from "@/features/tables/queries";
import { useMediaAccess } from "@/features/tables/useMediaAccess";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { lazily } from "@/ui/lazily";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { ClassBrowser } from "./ClassBrowser";
import { Gallery } from "./Gallery";
import { samplesQuery } from "./queries";
import { SampleDialog } from "./SampleDialog";

const AnnotationsDialog = lazily(() => import("@/features/annotations/AnnotationsDialog"));
/** Beside these datasets people have images of the same kind. */
const XRAYS = /chest[-_]x-?ray/i;

/** The samples of a built-in dataset: images with labels or boxes, or rows of text, by split and class. */
export default function SamplesTab({ place }: { place: TablesPlace }) {
  const [{ split, class: name, sample: shown }, change] = useDatasetSearch();
  const first = useQuery(samplesQuery({ ...place, split, class: name }));
  const allowed = useMediaAccess(place, first.data?.task_type !== "text") !== undefined;
  const { data, error } = first;
  if (error) {
    return (
      <ProblemBox problem={asProblem(error)}>
        {(split ?? name) !== undefined && (
          <Button size="sm" onClick={() => change({ split: undefined, class: undefined })}>
            All samples
          </Button>
        )}
        <Button size="sm" onClick={() => void first.refetch()}>
          Retry
        </Button>
      </ProblemBox>
    );
  }
  if (!data) return <Spinner label="Looking for samples…" />;
  const wanted = { ...place, split, class: name };
  const unread = data.splits.filter(({ problem }) => problem != null);
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <SplitPicker splits={data.splits} chosen={data.split} onChoose={change} />
        {data.classes.length > 0 && (
          <ClassPicker classes={data.classes} chosen={name} onChoose={change} />
        )}
        <p role="status" className="text-13 text-muted">
          {first.isPlaceholderData ? "Looking…" : plural(data.total, "sample")}
        </p>
        {data.here && data.task_type !== "text" && <Annotations place={place} onOpen={change} />}
        {XRAYS.test(place.key) && (
          <Link
            to="/uploads"
            search={{ category: "xray" }}
            className="inline-flex items-center gap-1 text-14 text-accent underline-offset-2 hover:underline"
          >
            <Upload aria-hidden className="size-4" /> Upload X-rays of your own
          </Link>
        )}
      </div>
      {!data.here && (
        <p className="text-13 text-muted">
          It is not on this server: its pictures come from its source, one by one.
        </p>
      )}
      {data.notes.map((note) => (
        <p key={note} className="text-13 text-muted wrap-anywhere">
          {note}
        </p>
      ))}
      {isWordNet(data) && <ClassBrowser place={wanted} allowed={allowed} onChoose={change} />}
      {unread.map((one) => (
        <p key={one.name} className="text-13 text-muted wrap-anywhere">
          {one.name} cannot be read. {one.problem}
        </p>
      ))}
      {data.total === 0 && !first.isPlaceholderData ? (
        <p className="text-14 text-muted">
          {name === undefined ? "It has no samples." : `No sample of ${data.split} is ${name}.`}
        </p>
      ) : (
        <Gallery
          key={`${data.split} ${name}`}
          place={wanted}
          total={data.total}
          task={data.task_type}
          fields={Object.keys(data.samples[0]?.row ?? {}).length}
          shown={shown}
          allowed={allowed}
          onOpen={(sample) => change({ sample })}
        />
      )}
      <SampleDialog
        place={wanted}
        split={data.split}
        total={data.total}
        task={data.task_type}
        classes={data.classes.map(({ name }) => name)}
        here={data.here}
        shown={allowed || data.task_type === "text" ? shown : undefined}
        onShow={(sample) => change({ sample }, { replace: true })}
      />
    </div>
  );
}

/** Its classes are WordNet's, and a tree. */
function isWordNet({ form, classes }: Pick<SamplePage, "form" | "classes">): boolean {
  return form === "Tiny-ImageNet" || (classes.length === 200 && classes[0]?.name === "goldfish");
}

interface PickerProps {
  onChoose: (change: DatasetSearch) => void;
}

interface AnnotationsProps {
  place: TablesPlace;
  onOpen: PickerProps["onChoose"];
}

/** What people have drawn: who, its export, and how far two agree. */
function Annotations({ place, onOpen }: AnnotationsProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" className="ml-auto" onClick={() => setOpen(true)}>
        <SquarePen aria-hidden /> Annotations
      </Button>
      {open && (
        <Suspense fallback={null}>
          <AnnotationsDialog
            place={place}
            onClose={() => setOpen(false)}
            onOpen={(split, sample) => onOpen({ split, class: undefined, sample })}
          />
        </Suspense>
      )}
    </>
  );
}

function SplitPicker({
  splits,
  chosen,
  onChoose,
}: PickerProps & { splits: readonly SampleSplit[]; chosen: string }) {
  return (
    <Picker
      label="Split"
      value={chosen}
      onChoose={(name) => onChoose({ split: name, sample: undefined })}
    >
      {splits.map(({ name, total, problem }) => (
        <option key={name} value={name} disabled={problem != null}>
          {name} ({total.toLocaleString("en")})
        </option>
      ))}
    </Picker>
  );
}

function ClassPicker({
  classes,
  chosen,
  onChoose,
}: PickerProps & { classes: readonly SampleClass[]; chosen: string | undefined }) {
  return (
    <Picker
      label="Class"
      value={chosen ?? ""}
      onChoose={(name) => onChoose({ class: name || undefined, sample: undefined })}
    >
      <option value="">All</option>
      {classes.map(({ name, count }) => (
        <option key={name} value={name}>
          {count == null ? name : `${name} (${count.toLocaleString("en")})`}
        </option>
      ))}
    </Picker>
  );
}
