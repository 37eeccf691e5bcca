import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { announce } from "./announcer";
import { Button } from "./Button";
import { copyText } from "./clipboard";

interface CopyButtonProps {
  text: string;
  /** What is copied, e.g. "path". */
  what: string;
  /** Shown beside the icon. */
  children?: string;
  className?: string;
}

export function CopyButton({ text, what, children, className }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : Copy;
  return (
    <Button
      variant="ghost"
      size={children ? "sm" : "icon"}
      className={className}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={async () => {
        const done = await copyText(text);
        setCopied(done);
        announce(done ? `Copied ${what}` : `Could not copy ${what}`);
      }}
    >
      <Icon aria-hidden className={copied ? "text-ok" : undefined} />
      {children}
    </Button>
  );
}
