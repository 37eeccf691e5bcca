import { SquarePen } from "lucide-react";
import { Suspense, useState } from "react";
import type { GreyWindow, UploadView } from "@/api/types";
import { ExportButtons } from "@/features/annotations/ExportButtons";
import { FindingsToAccept } from "@/features/annotations/FindingsToAccept";
import { Button } from "@/ui/Button";
import { lazily } from "@/ui/lazily";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { useDebounced } from "@/ui/useDebounced";
import { MaskTool } from "./MaskTool";
import { useUploadPicture } from "./useUploadPicture";

const EDGE = 1600;
const SETTLED_MS = 120;
const Annotator = lazily(() => import("@/features/annotations/Annotator"));

/** The picture, with its frames, its window of grey values, and a tool to mask what names a person. */
export function PictureViewer({ upload, dicom }: { upload: UploadView; dicom: boolean }) {
  const { category, id, details } = upload;
  const grey = dicom && details.photometric?.startsWith("MONOCHROME");
  const [frame, setFrame] = useState(0);
  const [chosen, setChosen] = useState<GreyWindow>();
  const [masking, setMasking] = useState(false);
  const [annotating, setAnnotating] = useState(false);
  const wanted = useDebounced({ edge: EDGE, frame, ...windowOf(chosen) }, SETTLED_MS);
  const { address, problem, stale } = useUploadPicture({ category, id }, upload.sha256, wanted);
  return (
    <section aria-label="Picture" className="grid min-w-0 content-start gap-3">
      {problem && <ProblemBox problem={problem} />}
      {!problem && !address && <Spinner label="Decoding…" />}
      {address && annotating && (
        <Suspense fallback={<Spinner label="Loading…" />}>
          <Annotator
            key={frame}
            image={{ of: "upload", category, id, frame }}
            address={address}
            alt={upload.original_filename}
            classes={[]}
            stacked
            onClose={() => setAnnotating(false)}
          >
            {(put, taken) => (
              <>
                {frame === 0 && <FindingsToAccept {...{ category, id, taken }} onAccept={put} />}
                <ExportButtons of={{ of: "upload", category, id, frame }} />
              </>
            )}
          </Annotator>
        </Suspense>
      )}
      {address && !annotating && (
        <MaskTool
          upload={upload}
          address={address}
          stale={stale}
          masking={masking}
          onDone={() => setMasking(false)}
        />
      )}
      <p className="text-13 text-muted">Not for diagnosis.</p>
      <div className="flex flex-wrap items-end gap-4">
        {details.frames > 1 && (
          <Slider
            label={`Frame ${frame + 1} of ${details.frames}`}
            min={0}
            max={details.frames - 1}
            value={frame}
            onChange={setFrame}
          />
        )}
        {grey && (
          <WindowSliders
            windows={details.windows}
            bits={details.bits ?? 16}
            chosen={chosen}
            onChoose={setChosen}
          />
        )}
        {!masking && !annotating && (
          <Button onClick={() => setAnnotating(true)}>
            <SquarePen aria-hidden /> Annotate
          </Button>
        )}
        {!masking && !annotating && details.frames <= 1000 && (
          <Button onClick={() => setMasking(true)}>Mask, or say that you have looked</Button>
        )}
      </div>
    </section>
  );
}

function windowOf(chosen: GreyWindow | undefined) {
  return chosen ? { center: chosen.center, width: chosen.width } : {};
}

interface WindowSlidersProps {
  windows: readonly GreyWindow[];
  bits: number;
  chosen: GreyWindow | undefined;
  onChoose: (window: GreyWindow | undefined) => void;
}

/** Level and width of the window, from the file's own on. */
function WindowSliders({ windows, bits, chosen, onChoose }: WindowSlidersProps) {
  const range = 2 ** bits;
  const own = windows[0] ?? { center: range / 2, width: range, name: "" };
  const shown = chosen ?? own;
  const change = (part: Partial<GreyWindow>) => onChoose({ ...shown, name: "", ...part });
  return (
    <>
      <Slider
        label={`Level ${Math.round(shown.center)}`}
        min={Math.min(-range / 2, own.center)}
        max={Math.max(range, own.center)}
        value={shown.center}
        onChange={(center) => change({ center })}
      />
      <Slider
        label={`Width ${Math.round(shown.width)}`}
        min={1}
        max={Math.max(range, own.width)}
        value={shown.width}
        onChange={(width) => change({ width })}
      />
      {windows.length > 1 &&
        windows.map((one) => (
          <Button
            key={`${one.name} ${one.center} ${one.width}`}
            size="sm"
            onClick={() => onChoose(one)}
          >
            {one.name || `${one.center} / ${one.width}`}
          </Button>
        ))}
      <Button size="sm" disabled={!chosen} onClick={() => onChoose(undefined)}>
        As the file says
      </Button>
    </>
  );
}

interface SliderProps {
  label: string;
  min: number;
  max: number;
  value: number;
  onChange: (value: number) => void;
}

function Slider({ label, min, max, value, onChange }: SliderProps) {
  return (
    <label className="grid min-w-40 flex-1 basis-40 gap-1 text-13 tabular-nums">
      {label}
      <input
        type="range"
        min={min}
        max={max}
        value={value}
        className="w-full accent-accent touch:min-h-11"
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
    </label>
  );
}
