import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR = 48;
const QUESTION_TOP = 16;

/**
 * Follows an answer as it grows, but never past its question: the best results are at its top.
 * A person who scrolls, or acts on something in it, is left alone until they are at the end again.
 */
export function useAutoScroll(log: RefObject<HTMLElement | null>) {
  const mode = useRef<"answer" | "end" | "free">("answer");
  const ours = useRef(-1);
  const [below, setBelow] = useState(false);

  const follow = useCallback(() => {
    const element = log.current;
    if (!element) return;
    const end = element.scrollHeight - element.clientHeight;
    if (mode.current !== "free") {
      const top = mode.current === "end" ? end : Math.min(end, questionTop(element));
      if (Math.abs(element.scrollTop - top) > 1) {
        ours.current = top;
        element.scrollTop = top;
      }
    }
    setBelow(end - element.scrollTop > NEAR);
  }, [log]);

  // Before it is seen: who scrolls or presses at once is heard.
  useLayoutEffect(() => {
    const element = log.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const onScroll = () => {
      const left = element.scrollHeight - element.clientHeight - element.scrollTop;
      setBelow(left > NEAR);
      if (Math.abs(element.scrollTop - ours.current) <= 1) return;
      // What grows below must not push away what has the focus.
      const held = document.activeElement !== element && element.contains(document.activeElement);
      mode.current = left <= NEAR && !held ? "end" : "free";
    };
    const onAct = (event: Event) => {
      if (event.target !== element) mode.current = "free";
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    element.addEventListener("pointerdown", onAct, { passive: true });
    element.addEventListener("focusin", onAct);
    const sizes = new ResizeObserver(follow);
    sizes.observe(content);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("pointerdown", onAct);
      element.removeEventListener("focusin", onAct);
      sizes.disconnect();
    };
  }, [log, follow]);

  return {
    /** There is more below what is shown. */
    below,
    /** A new question was asked: follow its answer. */
    followAnswer: useCallback(() => {
      mode.current = "answer";
      follow();
    }, [follow]),
    toEnd: useCallback(() => {
      mode.current = "end";
      follow();
    }, [follow]),
  };
}

function questionTop(log: HTMLElement): number {
  const questions = log.querySelectorAll<HTMLElement>("[data-question]");
  const last = questions[questions.length - 1];
  if (!last) return Number.POSITIVE_INFINITY;
  return (
    last.getBoundingClientRect().top -
    log.getBoundingClientRect().top +
    log.scrollTop -
    QUESTION_TOP
  );
}
