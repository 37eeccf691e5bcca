import { type KeyboardEvent, type ReactNode, useState } from "react";
import { Button, buttonClass } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { LazyDialog } from "@/ui/LazyDialog";

/**
 * The address that a link of an answer leads to; null where it stays text: what is no web page, and what
 * has a name before its host (`https://good.org@evil.org`), which is only there to be taken for the host.
 */
export function outside(href: string): URL | null {
  if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return null;
  const url = new URL(href);
  return url.username || url.password ? null : url;
}

interface AskingLinkProps {
  url: URL;
  /** The address as the answer has it. */
  written: string;
  children: ReactNode;
}

/**
 * A link that a model wrote: words, until the person has seen where it leads. A text that the model obeyed
 * may have put what was said in the chat into the address, or called one host by another's name.
 */
export function AskingLink({ url, written, children }: AskingLinkProps) {
  const [asking, setAsking] = useState(false);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    setAsking(true);
  }

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a button does not break where words do */}
      <span
        role="button"
        tabIndex={0}
        aria-haspopup="dialog"
        onClick={() => setAsking(true)}
        onKeyDown={onKeyDown}
        className="cursor-pointer text-accent underline decoration-dotted underline-offset-2"
      >
        {children}
        <span className="sr-only"> (link to {url.hostname}, asks first)</span>
      </span>
      <LazyDialog open={asking} onOpenChange={setAsking} title="Open this link?">
        <Destination url={url} written={written} onDone={() => setAsking(false)} />
      </LazyDialog>
    </>
  );
}

interface DestinationProps {
  url: URL;
  written: string;
  onDone: () => void;
}

function Destination({ url, written, onDone }: DestinationProps) {
  const looks = /^https?:\/\/([^/?#\\]*)/i.exec(written)?.[1] ?? "";
  const foreign = url.hostname.split(".").some((label) => label.startsWith("xn--"));
  return (
    <div className="mt-3 grid gap-3">
      <p>
        A model wrote this link. It leads to
        <strong dir="ltr" className="mt-1 block font-mono text-15 wrap-anywhere">
          {url.host}
        </strong>
      </p>
      {foreign && (
        <p className="text-warn">
          The answer writes this name as “<bdi>{looks}</bdi>”, in letters that can be mistaken for
          others. Make sure that it is the site you mean.
        </p>
      )}
      <p className="text-13 text-muted">
        All of its address is sent there. Check that it holds nothing of what you wrote:
      </p>
      <p
        dir="ltr"
        className="max-h-40 overflow-y-auto rounded-control border bg-panel p-2 font-mono text-12 wrap-anywhere"
      >
        {url.href}
      </p>
      <div className="flex flex-wrap items-center justify-end gap-2">
        <CopyButton text={url.href} what="address" className="me-auto" />
        <Button onClick={onDone}>Cancel</Button>
        <a
          href={url.href}
          target="_blank"
          rel="noopener noreferrer"
          onClick={onDone}
          className={buttonClass("primary")}
        >
          Open
        </a>
      </div>
    </div>
  );
}
