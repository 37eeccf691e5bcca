import { clsx } from "clsx";
import { CopyButton } from "./CopyButton";

interface CodeBlockProps {
  code: string;
  /** What it is, for the copy button and for screen readers. */
  what: string;
  className?: string;
}

/** Code that can be copied; it scrolls sideways inside itself, and nothing of it lies below the button. */
export function CodeBlock({ code, what, className }: CodeBlockProps) {
  return (
    <div className={clsx("flex items-start rounded-card border bg-panel", className)}>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={what}
        className="min-w-0 flex-1 overflow-x-auto rounded-card p-3"
      >
        <pre className="font-mono text-13 leading-normal">{code}</pre>
      </section>
      <CopyButton text={code} what={what} className="m-1 shrink-0" />
    </div>
  );
}
