import { clsx } from "clsx";
import { visible } from "./visible";

/** Characters of the end that stay: whole segments where they are not longer than the one, and no fewer than the other. */
const MOST = 24;
const FEWEST = 16;

interface EndKeptProps {
  text: string;
  className?: string;
}

/**
 * A ref or a path on one line. Where it does not fit its middle gives way: the end is what tells two
 * of them apart (https://github.com/indico/indico/issues/1141).
 */
export function EndKept({ text, className }: EndKeptProps) {
  // Before the cut, which could part a joiner from what it joins.
  const [head, tail] = splitEnd(visible(text));
  return (
    <span dir="ltr" title={text} className={clsx("flex min-w-0 overflow-hidden", className)}>
      {head && (
        <span className={clsx("truncate whitespace-pre", head.length > 2 && "min-w-[2ch]")}>
          {head}
        </span>
      )}
      <span className="shrink-0 whitespace-pre">{tail}</span>
    </span>
  );
}

/** The part that may be cut, and the end that may not. */
export function splitEnd(text: string): [string, string] {
  const characters = [...text];
  let kept = Math.min(FEWEST, characters.length);
  for (let n = kept; n <= Math.min(MOST, characters.length); n++) {
    if (n === characters.length || characters[characters.length - n] === "/") kept = n;
  }
  return [characters.slice(0, characters.length - kept).join(""), characters.slice(-kept).join("")];
}
