import { clsx } from "clsx";
import { Upload } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { Button } from "@/ui/Button";

interface DropZoneProps {
  label: string;
  hint: string;
  onFiles: (files: File[]) => void;
}

/** Takes files that are dropped on it, or chosen. */
export function DropZone({ label, hint, onFiles }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  function onDrop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) onFiles(files);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same by keyboard
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
      className={clsx(
        "flex flex-col items-center gap-2 rounded-card border border-dashed px-4 py-8 text-center",
        over ? "border-accent bg-accent-soft" : "bg-card",
      )}
    >
      <Upload aria-hidden className="size-6 text-muted" />
      <p className="text-14">
        <span className="touch:hidden">Drop images here, or </span>
        <Button size="sm" onClick={() => input.current?.click()}>
          {label}
        </Button>
      </p>
      <p className="text-13 text-muted">{hint}</p>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
