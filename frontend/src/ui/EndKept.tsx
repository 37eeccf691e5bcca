import { clsx } from "clsx";

/** Characters of the end that stay, where the last segment is longer than `LONGEST_SEGMENT`. */
const TAIL = 16;
const LONGEST_SEGMENT = 28;

interface EndKeptProps {
  text: string;
  className?: string;
}

/**
 * A ref or a path on one line. Where it does not fit its middle gives way: the end is what tells two
 * of them apart (https://github.com/indico/indico/issues/1141).
 */
export function EndKept({ text, className }: EndKeptProps) {
  const [head, tail] = splitEnd(text);
  return (
    <span dir="ltr" title={text} className={clsx("flex min-w-0 overflow-hidden", className)}>
      {head && <span className="min-w-[2ch] truncate whitespace-pre">{head}</span>}
      <span className="shrink-0 whitespace-pre">{tail}</span>
    </span>
  );
}

/** The part that may be cut, and the end that may not: the last segment where it is short enough. */
export function splitEnd(text: string): [string, string] {
  const at = text.replace(/\/+$/, "").lastIndexOf("/");
  const characters = [...text];
  const segment = at < 0 ? characters.length : [...text.slice(at)].length;
  const kept = segment <= LONGEST_SEGMENT ? segment : TAIL;
  return [characters.slice(0, -kept).join(""), characters.slice(-kept).join("")];
}
