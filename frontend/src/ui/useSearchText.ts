import { useEffect, useLayoutEffect, useRef, useState } from "react";

const SETTLED_MS = 300;

/**
 * A text as it is being written. `send` gets it once nobody has written for a moment; where what was sent
 * changes by itself, as by a step back, it is that again.
 */
export function useSearchText(
  sent: string,
  send: (text: string) => void,
): [string, (text: string) => void] {
  const [written, setWritten] = useState(sent);
  const last = useRef(sent);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What else is chosen meanwhile goes along.
  const latest = useRef(send);
  // Before it is seen: a letter written in between would be taken back.
  useLayoutEffect(() => {
    latest.current = send;
    if (sent === last.current) return;
    last.current = sent;
    clearTimeout(timer.current);
    setWritten(sent);
  }, [sent, send]);
  useEffect(() => () => clearTimeout(timer.current), []);
  function write(text: string) {
    setWritten(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      last.current = text.trim();
      latest.current(last.current);
    }, SETTLED_MS);
  }
  return [written, write];
}
