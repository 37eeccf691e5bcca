import { useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { useCut } from "@/ui/useCut";
import { type ChatMessage, textOf } from "./parts";

/**
 * What a person said: the reader, or whoever `by` names. A long text is folded, so that its answer is near;
 * copying takes all of it.
 */
export function UserMessage({ message, by }: { message: ChatMessage; by?: string }) {
  const text = textOf(message);
  const frame = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const cut = useCut(frame);
  // Its button stays while it is folded again: whether it is cut is known only once it is laid out.
  const [folds, setFolds] = useState(false);

  function toggle() {
    setOpen(!open);
    setFolds(true);
    // What was folded above the screen must not leave the reader somewhere below.
    if (open) frame.current?.scrollIntoView({ block: "nearest" });
  }

  return (
    <div data-question className="group mb-5 flex items-start justify-end gap-1">
      <CopyButton
        text={text}
        what="message"
        className="opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 touch:opacity-100"
      />
      <div
        ref={frame}
        className="grid min-w-0 max-w-[85%] grid-cols-1 justify-items-start rounded-composer bg-panel px-4 py-2"
      >
        <p
          data-cut
          dir="auto"
          className={`w-full whitespace-pre-wrap wrap-anywhere ${open ? "" : "line-clamp-10"}`}
        >
          <span className="sr-only">{by ?? "You"}: </span>
          {text}
        </p>
        {(cut || folds) && (
          <Button variant="ghost" size="sm" className="-ml-2" aria-expanded={open} onClick={toggle}>
            {open ? "Show less" : `Show all ${text.length.toLocaleString("en")} characters`}
          </Button>
        )}
      </div>
    </div>
  );
}
