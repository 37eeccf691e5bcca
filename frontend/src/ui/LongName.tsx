import { once } from "./once";

/** What is kept of a long name's end, which often tells two apart: a year, a language, a version. */
const END = 9;
const SHORT = 24;

const letters = once(() =>
  "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null,
);

/** Never in the middle of an emoji or between a letter and its accent. */
function lettersOf(text: string): string[] {
  const segmenter = letters();
  return segmenter ? Array.from(segmenter.segment(text), (each) => each.segment) : Array.from(text);
}

/** A name on one line that is cut before its end, not at it. In the direction that it is written in. */
export function LongName({ text }: { text: string }) {
  const all = lettersOf(text);
  if (all.length <= SHORT) {
    return (
      <span dir="auto" className="block w-fit max-w-full truncate" title={text}>
        {text}
      </span>
    );
  }
  return (
    <span
      dir="auto"
      className="flex w-fit max-w-full min-w-0 overflow-hidden whitespace-pre"
      title={text}
    >
      <span className="min-w-[2ch] truncate">{all.slice(0, -END).join("")}</span>
      <span className="shrink-0">{all.slice(-END).join("")}</span>
    </span>
  );
}
