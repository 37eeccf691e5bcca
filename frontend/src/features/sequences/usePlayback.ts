import { type KeyboardEvent, useEffect, useState } from "react";
import { useMedia } from "@/ui/useMedia";

/** As KITTI was recorded. */
const FRAMES_PER_SECOND = 10;
/** For who wants little motion, and has asked for it all the same. */
const CALM_FRAMES_PER_SECOND = 1;

/** The place of the frame that is shown. While it plays, the next one waits until this one is `loaded`: its
 * name is the one whose image came last. */
export function usePlayback(frames: readonly string[], first: number, loadedFrame: string) {
  const count = frames.length;
  const [place, setPlace] = useState(() => clamp(first, count));
  const loaded = frames[place] === loadedFrame;
  const [playing, setPlaying] = useState(false);
  const calm = useMedia("(prefers-reduced-motion: reduce)");
  const last = place >= count - 1;
  useEffect(() => {
    if (!playing || !loaded) return;
    if (last) return setPlaying(false);
    const wait = 1000 / (calm ? CALM_FRAMES_PER_SECOND : FRAMES_PER_SECOND);
    // A place that moves on is another one, whose effect sets the next timer.
    const timer = setTimeout(() => setPlace(place + 1), wait);
    return () => clearTimeout(timer);
  }, [playing, loaded, last, calm, place]);

  function go(to: number) {
    setPlaying(false);
    setPlace(clamp(to, count));
  }

  function toggle() {
    if (!playing && last) setPlace(0);
    setPlaying(!playing);
  }

  function onKeyDown(event: KeyboardEvent) {
    const steps: Record<string, () => void> = {
      ArrowLeft: () => go(place - 1),
      ArrowRight: () => go(place + 1),
      PageUp: () => go(place - 10),
      PageDown: () => go(place + 10),
      Home: () => go(0),
      End: () => go(count - 1),
      " ": toggle,
    };
    const act = steps[event.key];
    if (!act || (event.key === " " && event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    act();
  }

  return { place, playing, calm, go, toggle, onKeyDown };
}

function clamp(place: number, count: number): number {
  return Math.max(0, Math.min(place, count - 1));
}
