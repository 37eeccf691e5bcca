import { useQuery } from "@tanstack/react-query";
import { Pause, Play, SkipBack, SkipForward } from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { SequenceDetail, SequenceFrame } from "@/api/types";
import { useDatasetSearch } from "@/features/library/useDatasetSearch";
import { Button } from "@/ui/Button";
import { lazily } from "@/ui/lazily";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { Switch } from "@/ui/Switch";
import { CameraView } from "./CameraView";
import { BLOCK_FRAMES, framesQuery, type SequencesPlace } from "./queries";
import { TrackPlot } from "./TrackPlot";
import { usePlayback } from "./usePlayback";

const ScanView = lazily(() => import("./ScanView"));

/** The order in which cameras stand: the colour pair, then the grey one. */
const CAMERAS = ["image_02", "image_03", "image_00", "image_01"];

interface SequencePlayerProps {
  place: SequencesPlace;
  detail: SequenceDetail;
  /** The browser may fetch pictures. */
  allowed: boolean;
}

/** A recording frame by frame: cameras, scan, and the place of the car, all of one frame. */
export function SequencePlayer({ place, detail, allowed }: SequencePlayerProps) {
  const [{ frame: asked }, change] = useDatasetSearch();
  const frames = detail.frames ?? [];
  const [boxes, setBoxes] = useState(true);
  const [loadedFrame, setLoadedFrame] = useState("");
  const first = Math.max(0, frames.indexOf(asked ?? ""));
  const playback = usePlayback(frames, first, loadedFrame);
  const block = Math.floor(playback.place / BLOCK_FRAMES);
  const page = useQuery(framesQuery(place, detail.sequence.id, block));
  const id = frames[playback.place] ?? "";
  const frame = page.data?.frames?.find((one) => one.id === id);

  useEffect(() => {
    // What is played comes before it is wanted.
    if ((block + 1) * BLOCK_FRAMES < frames.length) {
      void queryClient.prefetchQuery(framesQuery(place, detail.sequence.id, block + 1));
    }
  }, [place, detail.sequence.id, block, frames.length]);
  useEffect(() => {
    if (!playback.playing && id) change({ frame: id }, { replace: true });
  }, [playback.playing, id, change]);

  if (page.error) return <ProblemBox problem={asProblem(page.error)} />;
  return (
    <section
      aria-label={`Recording ${detail.sequence.id}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys step through the recording
      tabIndex={0}
      onKeyDown={playback.onKeyDown}
      className="grid grid-cols-1 gap-3 rounded-card"
    >
      <div className="flex flex-wrap items-center gap-2">
        <Button
          size="icon"
          variant="ghost"
          aria-label="Frame before"
          title="Frame before (←)"
          disabled={playback.place === 0}
          onClick={() => playback.go(playback.place - 1)}
        >
          <SkipBack aria-hidden />
        </Button>
        <Button
          size="icon"
          aria-label={playback.playing ? "Pause" : "Play"}
          title={`${playback.playing ? "Pause" : "Play"} (space)`}
          onClick={playback.toggle}
        >
          {playback.playing ? <Pause aria-hidden /> : <Play aria-hidden />}
        </Button>
        <Button
          size="icon"
          variant="ghost"
          aria-label="Frame after"
          title="Frame after (→)"
          disabled={playback.place >= frames.length - 1}
          onClick={() => playback.go(playback.place + 1)}
        >
          <SkipForward aria-hidden />
        </Button>
        <input
          type="range"
          aria-label="Frame"
          aria-valuetext={`Frame ${id}, ${playback.place + 1} of ${frames.length}`}
          min={0}
          max={Math.max(0, frames.length - 1)}
          value={playback.place}
          onChange={(event) => playback.go(Number(event.currentTarget.value))}
          className="min-w-32 flex-1 accent-[var(--accent)]"
        />
        <Switch checked={boxes} onChange={setBoxes} label="Boxes" />
      </div>
      <p className="text-13 text-muted tabular-nums">
        Frame {id} · {playback.place + 1} of {frames.length}
        {frame?.timestamp && ` · ${frame.timestamp}`}
      </p>
      {frame && allowed ? (
        <Sensors frame={frame} boxes={boxes} onLoad={() => setLoadedFrame(frame.id)} />
      ) : (
        <Spinner label="Fetching the frame…" />
      )}
      {detail.track && detail.track.length > 0 && (
        <TrackPlot track={detail.track} frame={id} position={frame?.position ?? undefined} />
      )}
    </section>
  );
}

interface SensorsProps {
  frame: SequenceFrame;
  boxes: boolean;
  onLoad: () => void;
}

function Sensors({ frame, boxes, onLoad }: SensorsProps) {
  const cameras = CAMERAS.filter((camera) => frame.cameras[camera]);
  const withoutImage = cameras.length === 0;
  useEffect(() => {
    if (withoutImage) onLoad();
  }, [withoutImage, onLoad]);
  return (
    <>
      {frame.problems?.map((problem) => (
        <p key={problem} className="text-13 text-muted wrap-anywhere">
          {problem}
        </p>
      ))}
      <div className="grid grid-cols-1 gap-2 md:grid-cols-2">
        {cameras.map((camera, place) => (
          <CameraView
            key={camera}
            camera={camera}
            frame={frame}
            boxes={boxes}
            onLoad={place === 0 ? onLoad : undefined}
          />
        ))}
      </div>
      <Suspense fallback={<Spinner label="Opening the scan…" />}>
        <ScanView frame={frame} boxes={boxes} />
      </Suspense>
    </>
  );
}
