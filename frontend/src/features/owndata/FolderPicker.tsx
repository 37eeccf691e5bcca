import { clsx } from "clsx";
import { FolderUp } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { chosenFiles, droppedFiles, type GivenFile } from "./folder";

/** Takes a folder, or files, that are dropped on it or chosen. */
export function FolderPicker({ onFiles }: { onFiles: (files: GivenFile[]) => void }) {
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [reading, setReading] = useState(false);

  async function onDrop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    setReading(true);
    try {
      const found = await droppedFiles(event.dataTransfer.items);
      if (found.length > 0) onFiles(found);
    } finally {
      setReading(false);
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it do the same by keyboard
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void onDrop(event)}
      className={clsx(
        "flex flex-col items-center gap-2 rounded-card border border-dashed px-4 py-8 text-center",
        over ? "border-accent bg-accent-soft" : "bg-card",
      )}
    >
      <FolderUp aria-hidden className="size-6 text-muted" />
      <p className="text-14">
        {reading ? "Reading the folder…" : "Drop a folder here, or choose one."}
      </p>
      <p className="flex flex-wrap justify-center gap-2">
        <Button size="sm" onClick={() => folder.current?.click()}>
          Choose a folder
        </Button>
        <Button size="sm" onClick={() => files.current?.click()}>
          Choose files
        </Button>
      </p>
      <p className="text-13 text-muted">Folders of images become classes. Nothing is sent yet.</p>
      <Hidden label="Choose a folder" input={folder} folder onFiles={onFiles} />
      <Hidden label="Choose files" input={files} onFiles={onFiles} />
    </div>
  );
}

interface HiddenProps {
  label: string;
  input: React.RefObject<HTMLInputElement | null>;
  folder?: boolean;
  onFiles: (files: GivenFile[]) => void;
}

function Hidden({ label, input, folder = false, onFiles }: HiddenProps) {
  return (
    <input
      ref={input}
      type="file"
      multiple
      hidden
      {...(folder ? { webkitdirectory: "true" } : {})}
      aria-label={label}
      onChange={({ currentTarget }) => {
        const found = chosenFiles(currentTarget.files ?? new DataTransfer().files);
        currentTarget.value = "";
        if (found.length > 0) onFiles(found);
      }}
    />
  );
}
