import { useId } from "react";
import type { UploadAnalysis, UploadFinding, UploadView } from "@/api/types";
import { colourOf } from "@/features/samples/sampleText";
import { useUploadPicture } from "@/features/uploads/useUploadPicture";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { confidenceText, labelNumbers } from "./words";

const WANTED = { edge: 1600 };

interface AnalysedPictureProps {
  upload: UploadView;
  analysis: UploadAnalysis;
  /** The id of the finding that is pointed at in the list. */
  chosen: string | undefined;
}

/** The upright picture with the boxes of what was found in it. */
export function AnalysedPicture({ upload, analysis, chosen }: AnalysedPictureProps) {
  const { address, problem } = useUploadPicture(upload, upload.sha256, WANTED);
  const described = useId();
  const width = analysis.width ?? upload.width;
  const height = analysis.height ?? upload.height;
  if (problem) return <ProblemBox problem={problem} />;
  if (!address) return <Spinner label="Decoding…" />;
  const boxes = analysis.findings.filter(({ box }) => box != null);
  const numbers = labelNumbers(analysis.findings);
  return (
    <figure className="grid min-w-0 content-start gap-1">
      <div className="flex justify-center rounded-card border bg-panel p-1">
        <div
          className="relative"
          style={{
            aspectRatio: `${width} / ${height}`,
            width: `min(100%, calc(60dvh * ${width / height}))`,
          }}
        >
          <img
            src={address}
            alt={`${upload.original_filename}, with what was found`}
            aria-describedby={described}
            className="size-full"
          />
          <svg
            aria-hidden
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            className="pointer-events-none absolute inset-0 size-full"
          >
            {boxes.map((finding) => (
              <Outline
                key={finding.id}
                finding={finding}
                colour={colourOf(numbers.get(finding.label) ?? 0)}
                strong={finding.id === chosen}
              />
            ))}
          </svg>
          {boxes.map((finding) => (
            <BoxLabel
              key={finding.id}
              finding={finding}
              colour={colourOf(numbers.get(finding.label) ?? 0)}
              width={width}
              height={height}
            />
          ))}
        </div>
      </div>
      <figcaption id={described} className="text-13 text-muted">
        {plural(boxes.length, "box", "boxes")}; the list says of what, and by which model or method.
      </figcaption>
    </figure>
  );
}

interface OutlineProps {
  finding: UploadFinding;
  colour: string;
  strong: boolean;
}

function Outline({ finding, colour, strong }: OutlineProps) {
  const [x = 0, y = 0, width = 0, height = 0] = finding.box ?? [];
  const rect = { x, y, width, height, fill: "none", vectorEffect: "non-scaling-stroke" } as const;
  return (
    <>
      <rect {...rect} stroke="black" strokeOpacity={0.6} strokeWidth={strong ? 7 : 4} />
      <rect {...rect} stroke={colour} strokeWidth={strong ? 4 : 2} />
    </>
  );
}

interface BoxLabelProps {
  finding: UploadFinding;
  colour: string;
  width: number;
  height: number;
}

function BoxLabel({ finding, colour, width, height }: BoxLabelProps) {
  const [x = 0, y = 0] = finding.box ?? [];
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute max-w-40 truncate rounded-br-control px-1 text-12 leading-tight text-[black]"
      style={{
        left: `${(100 * x) / width}%`,
        top: `${(100 * y) / height}%`,
        // Above its box, where there is room: the box is to be seen into.
        transform: y > height / 10 ? "translateY(-100%)" : undefined,
        backgroundColor: colour,
      }}
    >
      {finding.label} {confidenceText(finding.confidence)}
    </span>
  );
}
