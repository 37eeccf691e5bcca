import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, SquarePen } from "lucide-react";
import { type KeyboardEvent, Suspense, useEffect, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Sample } from "@/api/types";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { lazily } from "@/ui/lazily";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { ALL_LAYERS, layersOf } from "./layers";
import { BLOCK_SAMPLES, type SamplesPlace, samplesQuery } from "./queries";
import { labelText } from "./sampleText";
import { ZoomedImage } from "./ZoomedImage";

const MOST_ZOOM = 16;
const Annotator = lazily(() => import("@/features/annotations/Annotator"));

interface SampleDialogProps {
  place: SamplesPlace;
  split: string;
  total: number;
  task: string;
  /** The dataset's classes, and whether its files are here: only then they can be annotated. */
  classes: readonly string[];
  here: boolean;
  /** Undefined while closed. */
  shown: number | undefined;
  onShow: (place: number | undefined) => void;
}

/** One sample large; the arrows lead to the ones beside it. */
export function SampleDialog(props: SampleDialogProps) {
  const { place, split, total, task, classes, here, shown, onShow } = props;
  const number = shown ?? 0;
  const open = shown !== undefined && shown < total;
  const [layers, setLayers] = useState(ALL_LAYERS);
  const [annotating, setAnnotating] = useState(false);
  const [zoomed, setZoomed] = useState({ number, factor: 1 });
  const block = useQuery({
    ...samplesQuery(place, Math.floor(number / BLOCK_SAMPLES)),
    placeholderData: undefined,
    enabled: open,
  });
  const samples = block.data?.samples;
  const sample = samples?.[number % BLOCK_SAMPLES];
  useFetchedAhead(open ? samples?.[(number % BLOCK_SAMPLES) + 1] : undefined);

  const zoom = zoomed.number === number ? zoomed.factor : 1;
  function setZoom(factor: number) {
    setZoomed({ number, factor: Math.min(MOST_ZOOM, Math.max(1, factor)) });
  }
  function go(to: number) {
    if (to >= 0 && to < total) onShow(to);
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ArrowLeft: () => go(number - 1),
      ArrowRight: () => go(number + 1),
      "+": () => setZoom(zoom * 2),
      "=": () => setZoom(zoom * 2),
      "-": () => setZoom(zoom / 2),
      "0": () => setZoom(1),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  return (
    <Dialog
      open={open}
      place="full"
      onOpenChange={(stays) => {
        if (stays) return;
        setAnnotating(false);
        onShow(undefined);
      }}
      onKeyDown={onKeyDown}
      // The annotator leaves what is selected first, then off.
      onEscapeKeyDown={(event) => annotating && event.preventDefault()}
      title={`${split} ${(number + 1).toLocaleString("en")} of ${total.toLocaleString("en")}`}
    >
      <div className="flex min-h-0 flex-1 flex-col gap-2">
        {block.error && <ProblemBox problem={asProblem(block.error)} />}
        {block.isPending && <Spinner label="Looking for the sample…" />}
        {sample?.problem && <p className="flex-1 text-14 text-muted">{sample.problem}</p>}
        {sample?.row && <Fields row={sample.row} />}
        {sample?.image && annotating && (
          <Suspense fallback={<Spinner label="Loading…" />}>
            <Annotator
              key={sample.image}
              image={{
                of: "dataset",
                key: place.key,
                revision: place.revision,
                split,
                image: sample.index,
              }}
              address={sample.image}
              alt={labelText(sample, task === "detection")}
              classes={classes}
              given={sample.boxes}
              onClose={() => setAnnotating(false)}
            />
          </Suspense>
        )}
        {sample?.image && !annotating && (
          <ZoomedImage
            key={sample.image}
            sample={sample}
            address={sample.image}
            words={labelText(sample, task === "detection")}
            zoom={zoom}
            most={MOST_ZOOM}
            onZoom={setZoom}
            layers={layers}
            toggles={layersOf(sample, task === "detection")}
            onLayers={setLayers}
          >
            {here && (
              <Button onClick={() => setAnnotating(true)}>
                <SquarePen aria-hidden /> Annotate
              </Button>
            )}
          </ZoomedImage>
        )}
        <div className="flex justify-between gap-2">
          <Button disabled={number === 0} onClick={() => go(number - 1)}>
            <ChevronLeft aria-hidden /> Previous
          </Button>
          <Button disabled={number >= total - 1} onClick={() => go(number + 1)}>
            Next <ChevronRight aria-hidden />
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Fields({ row }: { row: Record<string, string> }) {
  return (
    <dl className="min-h-0 flex-1 overflow-y-auto">
      {Object.entries(row).map(([name, text]) => (
        <div key={name} className="mb-3">
          <dt className="flex items-center justify-between text-13 font-medium">
            {name}
            <CopyButton text={text} what={name} />
          </dt>
          <dd>
            <pre
              dir="auto"
              className="rounded-card border bg-panel p-3 font-mono text-13 whitespace-pre-wrap wrap-anywhere"
            >
              {text}
            </pre>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The one that the next key leads to is here when it is pressed. */
function useFetchedAhead(sample: Sample | undefined): void {
  const address = sample?.image;
  useEffect(() => {
    if (address) new Image().src = address;
  }, [address]);
}
